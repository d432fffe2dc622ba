/** What `npm start` and the smoke run have to know of a partner's sandbox; all else is the same for every partner. */
export interface SandboxDemo {
  /** The body of `POST /__sandbox/accounts` that opens an account of that size; `webhookUrl` is added to it. */
  account(size: "demo" | "smoke"): Readonly<Record<string, unknown>>;
  /** What names the account in `POST /__sandbox/change`. */
  readonly accountKey: Readonly<Record<string, string>>;
  /** The credential of a connection to the account. */
  readonly credential: Readonly<Record<string, string>>;
  /** Instead of it, where a person would say yes in a browser: for whom the sandbox gives tokens without one. */
  readonly grant?: OAuthGrant;
  /** The account's id, where the partner's paths hold it and no browser says it. */
  readonly connectionAccount?: string;
  /** What the account's webhooks are signed with. */
  readonly webhookSecret: string;
  /** The driver's names of resources, by the ledger's types of objects. */
  readonly resourceOf: Readonly<Record<string, string>>;
  /** No more webhooks than this in a smoke run: where the partner's own limits would make more take minutes. */
  readonly webhooksMax?: number;
  /** The beginning of the paths of single objects, which webhooks fetch back: what breaks when the partner breaks. */
  readonly singlePath: string;
}

/** The body of `POST /__sandbox/oauth/grants`. */
interface OAuthGrant {
  readonly clientId: string;
  readonly account: string;
}
