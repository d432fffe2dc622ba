import { createHash } from "node:crypto";
import * as z from "zod";
import type { SandboxContext } from "./definition.ts";
import type { Put } from "./journal-entry.ts";

/** Everything of the authorization server stands under an account of no name; of secrets only fingerprints are kept. */
const ROOT = "";
const types = {
  app: "_oauth_app",
  lives: "_oauth_lives",
  grant: "_oauth_grant",
  code: "_oauth_code",
  access: "_oauth_access",
  refresh: "_oauth_refresh",
  event: "_oauth_event",
} as const;

/** Our registration there: a code goes to one of these addresses, letter by letter, and nowhere else. */
export const App = z.strictObject({
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  redirectUris: z.array(z.url()).min(1).max(10),
});
const StoredApp = z.object({ secretFingerprint: z.string(), redirectUris: z.array(z.string()) });
export type StoredApp = z.infer<typeof StoredApp>;

const Seconds = z.number().min(0.05).max(1_000_000_000);
export const Lives = z.strictObject({
  codeSeconds: Seconds.default(60),
  accessSeconds: Seconds.default(3_600),
  refreshSeconds: Seconds.default(8_726_400),
  /** For so long a spent refresh token gets the same answer again, unless that was used; 0: it ends its grant at once. */
  graceSeconds: z.number().min(0).max(1_000_000).default(0),
});
export type Lives = z.infer<typeof Lives>;

/** What a person allowed, once: all tokens that follow from it. */
const Grant = z.object({
  clientId: z.string(),
  account: z.string(),
  scopes: z.array(z.string()),
  atMs: z.number(),
  generation: z.int(),
  endedBy: z.enum(["revoked", "code-reused", "refresh-reused"]).nullable(),
});
export type Grant = z.infer<typeof Grant>;

const Code = z.object({
  clientId: z.string(),
  account: z.string(),
  scopes: z.array(z.string()),
  redirectUri: z.string(),
  challenge: z.string(),
  expiresAtMs: z.number(),
  /** The grant that it was exchanged for. */
  grantId: z.string().nullable(),
});
export type Code = z.infer<typeof Code>;

const Token = z.object({
  grantId: z.string(),
  generation: z.int(),
  expiresAtMs: z.number(),
  /** Of a refresh token: when it was exchanged. */
  spentAtMs: z.number().nullable(),
});
export type Token = z.infer<typeof Token>;

/** What the ledger tells of. `replay`: the same answer again within the grace period. */
const Event = z.object({
  kind: z.enum(["allowed", "denied", "exchange", "refresh", "replay", "code-reused", "refresh-reused", "revoked"]),
  grantId: z.string(),
  generation: z.int(),
  atMs: z.number(),
});
export type OAuthEvent = z.infer<typeof Event>;

type Kind = keyof typeof types;
type Draft = readonly [kind: Kind, id: string, state: Readonly<Record<string, unknown>>];

export function fingerprintOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 40);
}

/** The durable state of an authorization server, in the sandbox's own journal: it outlives `kill -9`. */
export class OAuthState {
  readonly #context: SandboxContext;

  constructor(context: SandboxContext) {
    this.#context = context;
  }

  app(clientId: string): StoredApp | null {
    return this.#read("app", clientId, StoredApp);
  }

  lives(): Lives {
    return this.#read("lives", "lives", Lives) ?? Lives.parse({});
  }

  grant(id: string): Grant | null {
    return this.#read("grant", id, Grant);
  }

  grants(): readonly (Grant & { readonly id: string })[] {
    return this.#context.objects
      .list(ROOT, types.grant)
      .map((stored) => ({ id: stored.id, ...Grant.parse(stored.state) }));
  }

  code(text: string): Code | null {
    return this.#read("code", fingerprintOf(text), Code);
  }

  token(kind: "access" | "refresh", text: string): Token | null {
    return this.#read(kind, fingerprintOf(text), Token);
  }

  events(): readonly OAuthEvent[] {
    return this.#context.objects.list(ROOT, types.event).map(({ state }) => Event.parse(state));
  }

  /** An id or a secret that never comes twice: by how many there are, as chance begins anew after a kill. */
  unique(kind: "grant" | "code"): string {
    const { objects, random } = this.#context;
    const count = objects.created(ROOT, types[kind]);
    return fingerprintOf(`${kind} ${count} ${random()}`);
  }

  /** Becomes durable and true together, with what the ledger is to say of it. */
  record(puts: readonly Draft[], event: Omit<OAuthEvent, "atMs"> | null): void {
    const { objects, clock } = this.#context;
    const atMs = clock.nowMs();
    const told: readonly Draft[] =
      event === null ? [] : [["event", String(objects.created(ROOT, types.event)), { ...event, atMs }]];
    this.#context.record({
      kind: "change",
      atMs,
      account: ROOT,
      puts: [...puts, ...told].map((draft) => this.#put(draft)),
      deliveries: [],
      saved: null,
      write: null,
    });
  }

  #put([kind, id, state]: Draft): Put {
    const type = types[kind];
    const revision = this.#context.objects.nextRevision(ROOT, type, id);
    return { type, id, revision, deleted: false, state, about: null };
  }

  #read<Schema extends z.ZodType>(kind: Kind, id: string, schema: Schema): z.infer<Schema> | null {
    const stored = this.#context.objects.get(ROOT, types[kind], id);
    return stored === null ? null : schema.parse(stored.state);
  }
}
