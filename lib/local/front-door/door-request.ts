/** One SDK call as it came over the wire, read whole. */
export interface DoorRequest {
  readonly method: string;
  /** Path without the query string, still percent-encoded. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Whom a call comes from, established by its signature. */
export type Caller =
  { readonly kind: "operator" } | { readonly kind: "role"; readonly roleArn: string; readonly roleName: string };

/** A call that has been understood: which operation of which service, and its input where the protocol is JSON. */
export interface ServiceCall {
  readonly service: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly request: DoorRequest;
  readonly caller: Caller;
  /** Fires when the client has gone. */
  readonly signal: AbortSignal;
}

export interface DoorResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer;
}

/** What a JSON service answers; REST and XML services answer a whole `DoorResponse`. */
export type ServiceAnswer =
  | { readonly kind: "json"; readonly output: Readonly<Record<string, unknown>> }
  | { readonly kind: "raw"; readonly response: DoorResponse };

/** One action on one resource that the caller needs to be allowed. */
export interface Requirement {
  /** `sqs:SendMessage` */
  readonly action: string;
  readonly resource: string;
  /** Values of the request's condition keys, by lower-case key; an absent key is absent. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

/** The operation of a request and its input, before anybody has been judged. */
export interface Understood {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A service behind the door. An operation it has no mapping for is an error, never a pass. */
export interface ServiceHandler {
  /** The largest request that is read, in bytes. */
  readonly bodyBytesMax: number;
  /** Throws `AwsError` with UnknownOperationException when the operation is none of its own. */
  understand(request: DoorRequest): Understood;
  /** What the caller needs to be allowed; the operator is not asked. */
  requirements(call: ServiceCall): readonly Requirement[];
  answer(call: ServiceCall): Promise<ServiceAnswer>;
}
