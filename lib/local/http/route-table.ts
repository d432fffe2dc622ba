/** A route that matched, with the values of its path parameters. */
export interface RouteMatch<Route> {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

export interface RouteTable<Route> {
  /** The most specific route for a method and a path as it stands in the request line; null is 404. */
  match(method: string, rawPath: string): RouteMatch<Route> | null;
}

interface Pattern<Route> {
  readonly route: Route;
  readonly method: string;
  readonly segments: readonly Segment[];
}

type Segment =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "rest"; readonly name: string };

const rank = { literal: 0, parameter: 1, rest: 2 } as const;

/**
 * Orders routes as an HTTP API does: the most specific path first, `{proxy+}` after everything else, a named method
 * before ANY, `$default` last. A path that exists for another method only is not found.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
 */
export function createRouteTable<Route extends { readonly routeKey: string }>(
  routes: readonly Route[],
): RouteTable<Route> {
  const fallback = routes.find((route) => route.routeKey === "$default");
  const patterns = routes
    .filter((route) => route.routeKey !== "$default")
    .map((route) => parse(route))
    .toSorted(compare);
  return {
    match(method, rawPath) {
      const parts = rawPath.split("/").slice(1);
      for (const pattern of patterns) {
        if (pattern.method !== "ANY" && pattern.method !== method) continue;
        const pathParameters = fit(pattern.segments, parts);
        if (pathParameters !== null) return { route: pattern.route, pathParameters };
      }
      return fallback === undefined ? null : { route: fallback, pathParameters: {} };
    },
  };
}

function parse<Route extends { readonly routeKey: string }>(route: Route): Pattern<Route> {
  const [method, path, ...rest] = route.routeKey.split(" ");
  if (method === undefined || path?.startsWith("/") !== true || rest.length > 0)
    throw new Error(`The HTTP API has a route key "${route.routeKey}"; it must be "METHOD /path" or "$default".`);
  return { route, method, segments: path.split("/").slice(1).map(segment) };
}

function segment(text: string): Segment {
  const name = /^\{([^{}+]+)(\+?)\}$/.exec(text);
  if (name?.[1] === undefined) return { kind: "literal", text };
  return name[2] === "+" ? { kind: "rest", name: name[1] } : { kind: "parameter", name: name[1] };
}

function compare(a: Pattern<unknown>, b: Pattern<unknown>): number {
  for (const [index, mine] of a.segments.entries()) {
    const theirs = b.segments[index];
    if (theirs === undefined) return 1;
    if (mine.kind !== theirs.kind) return rank[mine.kind] - rank[theirs.kind];
  }
  return a.segments.length - b.segments.length || Number(a.method === "ANY") - Number(b.method === "ANY");
}

function fit(segments: readonly Segment[], parts: readonly string[]): Readonly<Record<string, string>> | null {
  const last = segments.at(-1);
  const greedy = last?.kind === "rest";
  if (greedy ? parts.length < segments.length : parts.length !== segments.length) return null;
  const parameters: Record<string, string> = {};
  for (const [index, wanted] of segments.entries()) {
    const part = wanted.kind === "rest" ? parts.slice(index).join("/") : (parts[index] ?? "");
    if (wanted.kind === "literal") {
      if (decoded(part) !== wanted.text) return null;
      continue;
    }
    if (part === "") return null;
    parameters[wanted.name] = decoded(part);
  }
  return parameters;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
