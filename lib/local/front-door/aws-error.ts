/** An error as an AWS service would answer it: the code is what SDK clients match on, the message is for people. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the answer, such as `Item` of a failed condition. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "AwsError";
    this.code = code;
    this.status = status;
    this.details = details;
  }
}
