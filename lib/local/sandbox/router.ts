/** One endpoint: a method and a path template such as `/v1/charges/{id}`. A slash at the end counts. */
export interface Endpoint {
  readonly method: string;
  readonly template: string;
}

export interface Match<E extends Endpoint> {
  readonly endpoint: E;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the endpoint of a request; of several that match, the first given. */
export function createRouter<E extends Endpoint>(
  endpoints: readonly E[],
): (method: string, path: string) => Match<E> | null {
  const compiled = endpoints.map((endpoint) => ({ endpoint, steps: endpoint.template.split("/") }));
  return (method, path) => {
    const steps = path.split("/");
    for (const { endpoint, steps: expected } of compiled) {
      const params = endpoint.method === method ? matchSteps(expected, steps) : null;
      if (params !== null) return { endpoint, params };
    }
    return null;
  };
}

function matchSteps(expected: readonly string[], steps: readonly string[]): Record<string, string> | null {
  if (expected.length !== steps.length) return null;
  const params: Record<string, string> = {};
  for (const [index, step] of expected.entries()) {
    const actual = steps[index] ?? "";
    if (step.startsWith("{") && actual !== "") params[step.slice(1, -1)] = decode(actual);
    else if (step !== actual) return null;
  }
  return params;
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
