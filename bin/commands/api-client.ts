import * as z from "zod";

const Envelope = z.object({
  status: z.enum(["ok", "error"]),
  data: z.unknown(),
  errors: z.array(z.object({ code: z.string(), message: z.string() })),
});

/** The API said no; says what was asked and what it answered. */
export class ApiError extends Error {
  readonly status: number;

  constructor(call: string, status: number, text: string) {
    super(`${call} answered ${status}: ${text}`);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Speaks the HTTP API and nothing else: the same against the local stack and a deployed stage. */
export interface ApiClient {
  readonly url: string;
  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>>;
  send<Schema extends z.ZodType>(
    method: "POST" | "PATCH" | "DELETE",
    path: string,
    body: unknown,
    schema: Schema,
  ): Promise<z.infer<Schema>>;
  /** All items of a listing, page by page, at most `itemsMax`. */
  list<Schema extends z.ZodType>(path: string, schema: Schema, itemsMax?: number): Promise<readonly z.infer<Schema>[]>;
}

export function createApiClient(url: string, apiKey: string): ApiClient {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { "x-api-key": apiKey, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    }).catch((error: unknown) => {
      throw new Error(`${url} does not answer (${reasonOf(error)}). Is it running, and is it the right --url?`);
    });
    const text = await answer.text();
    const envelope = Envelope.safeParse(parse(text));
    if (answer.ok && envelope.success) return envelope.data.data;
    const said = envelope.success ? envelope.data.errors.map((error) => error.message).join("; ") : text.slice(0, 200);
    throw new ApiError(`${method} /api/v1${path}`, answer.status, said);
  };
  return {
    url,
    get: async (path, schema) => schema.parse(await call("GET", path)),
    send: async (method, path, body, schema) => schema.parse(await call(method, path, body)),
    list: (path, schema, itemsMax = 100_000) => listAll(call, path, schema, itemsMax),
  };
}

async function listAll<Schema extends z.ZodType>(
  call: (method: string, path: string) => Promise<unknown>,
  path: string,
  schema: Schema,
  itemsMax: number,
): Promise<readonly z.infer<Schema>[]> {
  const Page = z.object({ items: z.array(schema), next: z.string().nullable() });
  const items: z.infer<Schema>[] = [];
  let cursor: string | null = null;
  do {
    const query: string = `${path.includes("?") ? "&" : "?"}limit=100${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = Page.parse(await call("GET", path + query));
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && items.length < itemsMax);
  return items;
}

/** fetch says only that it failed; why is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
