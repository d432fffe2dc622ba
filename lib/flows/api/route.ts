import type * as z from "zod";
import type { Role } from "../../engine/api-key.ts";
import type { Reply } from "./envelope.ts";
import type { ApiPorts, AuthorisedRequest } from "./request.ts";

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** What a route asks of whoever calls it. Required, so that no route can be added without an answer to it. */
interface Needs {
  /** The least role: viewers read, operators change, admins also erase and manage keys. `nothing`: answered without a key. */
  readonly needs: Role | "nothing";
  /**
   * `tenant`: a key that is bound to a tenant may call it; its ports then show that tenant's things alone. `stage`: it
   * shows or changes things of every tenant at once, so only keys that are bound to none may.
   */
  readonly reach: "tenant" | "stage";
  /** `refused`: the answer holds a secret that nothing keeps, so it cannot be given again for the same Idempotency-Key. */
  readonly idempotency?: "refused";
}

/** One method of one path, with the schemas of what it takes. */
export interface Route extends Needs {
  readonly method: Method;
  /** Below `/api/v1`; `{name}` stands for one segment, `{name+}` for all that are left. */
  readonly path: string;
  readonly query: z.ZodType;
  readonly body?: z.ZodType;
  readonly handle: (ports: ApiPorts, call: Call<Record<string, string>, unknown, unknown>) => Promise<Reply>;
}

export interface Call<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly request: AuthorisedRequest;
  /** From the Idempotency-Key header; the same call again carries the same. */
  readonly idempotencyKey: string | null;
}

/** The names in a path's braces: `/runs/{runId}` has `runId`. */
type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Readonly<Record<Name extends `${infer Greedy}+` ? Greedy : Name, string>> & ParamsOf<Rest>
  : unknown;

interface RouteDefinition<Path extends string, Query extends z.ZodType, Body extends z.ZodType> extends Needs {
  readonly method: Method;
  readonly path: Path;
  readonly query: Query;
  readonly body?: Body;
  readonly handle: (ports: ApiPorts, call: Call<ParamsOf<Path>, z.infer<Query>, z.infer<Body>>) => Promise<Reply>;
}

/** Ties a route's path and schemas to what its function is given. */
export function route<const Path extends string, Query extends z.ZodType, Body extends z.ZodType = z.ZodType<never>>(
  definition: RouteDefinition<Path, Query, Body>,
): Route {
  // The router parses by these very schemas before it calls, so from outside the function takes `unknown`.
  return definition as unknown as Route;
}

/** The path's parameters when the segments fit it, else null. */
export function matchPath(pattern: string, segments: readonly string[]): Record<string, string> | null {
  const parts = pattern.split("/").filter((part) => part !== "");
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index];
    if (segment === undefined || segment === "") return null;
    const name = /^\{(\w+)(\+?)\}$/.exec(part);
    if (name === null) {
      if (part !== segment) return null;
      continue;
    }
    // Decoded paths carry the slashes of an id as they are; the last parameter takes them all.
    params[String(name[1])] = name[2] === "+" ? segments.slice(index).join("/") : segment;
    if (name[2] === "+") return params;
  }
  return parts.length === segments.length ? params : null;
}
