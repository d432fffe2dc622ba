/** One entry of an answer's `errors`. Programs read `code`; people read `message`. */
export interface ApiError {
  readonly code: string;
  readonly message: string;
  /** The field of the body, the query or the headers that is wrong: `settings.region`. */
  readonly field?: string;
}

/** A call that ends in an answer of 4xx or 5xx. Its messages are shown to the caller: no secret, no value that was sent. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly errors: readonly ApiError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, errors: readonly ApiError[], headers: Readonly<Record<string, string>> = {}) {
    super(`${status} ${errors.map((error) => error.code).join(", ")}`);
    this.name = "ApiProblem";
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

export function problem(status: number, code: string, message: string, field?: string): ApiProblem {
  return new ApiProblem(status, [field === undefined ? { code, message } : { code, message, field }]);
}

export function notFound(what: string): ApiProblem {
  return problem(404, "not-found", `There is no ${what}.`);
}
