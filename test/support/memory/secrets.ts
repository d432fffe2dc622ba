import { createHash } from "node:crypto";
import type { RenewedSeal } from "../../../lib/engine/credential-seals.ts";
import type {
  ClaimChecks,
  ClaimOwner,
  Clock,
  Connection,
  Credential,
  CredentialFields,
  Credentials,
  PartnerSecret,
  PartnerSecrets,
} from "../../../lib/engine/ports.ts";

type Owner = Pick<Connection, "partner" | "connectionId">;

interface Sealed {
  readonly credential: Credential;
  /** The key that it is sealed under. */
  readonly key: string;
}

export class MemoryCredentials implements Credentials {
  readonly #credentials = new Map<string, Sealed>();
  readonly #clock: Clock;
  /** The stage's key of today. */
  key = "the-first-key";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async read(owner: Owner, _options?: { readonly fresh: boolean }): Promise<Credential | null> {
    const sealed = this.#credentials.get(keyOf(owner));
    return sealed === undefined ? null : structuredClone(sealed.credential);
  }

  async replace(owner: Owner, used: Credential | null, next: CredentialFields): Promise<"stored" | "superseded"> {
    const stored = this.#credentials.get(keyOf(owner))?.credential;
    if ((stored?.revision ?? 0) !== (used?.revision ?? 0)) return "superseded";
    this.#store(owner, next, (used?.revision ?? 0) + 1);
    return "stored";
  }

  async overwrite(owner: Owner, next: CredentialFields): Promise<void> {
    this.#store(owner, next, (this.#credentials.get(keyOf(owner))?.credential.revision ?? 0) + 1);
  }

  #store(owner: Owner, next: CredentialFields, revision: number): void {
    const credential = { fields: { ...next }, revision, storedAtMs: this.#clock.nowMs() };
    this.#credentials.set(keyOf(owner), { credential, key: this.key });
  }

  /** Which key a credential is sealed under; null where there is none. */
  sealedUnder(owner: Owner): string | null {
    return this.#credentials.get(keyOf(owner))?.key ?? null;
  }

  async renewSeal(owner: Owner): Promise<RenewedSeal> {
    const sealed = this.#credentials.get(keyOf(owner));
    if (sealed === undefined) return { kind: "none" };
    if (sealed.key === this.key) return { kind: "current" };
    this.#credentials.set(keyOf(owner), { ...sealed, key: this.key });
    return { kind: "renewed" };
  }

  has(owner: Owner): boolean {
    return this.#credentials.has(keyOf(owner));
  }

  forget(owner: Owner): void {
    this.#credentials.delete(keyOf(owner));
  }
}

export class MemoryPartnerSecrets implements PartnerSecrets {
  readonly #secrets = new Map<string, PartnerSecret>();

  /** Sets the whole secret, or takes it away. */
  set(partner: string, secret: PartnerSecret | null): void {
    if (secret === null) this.#secrets.delete(partner);
    else this.#secrets.set(partner, structuredClone(secret));
  }

  async read(partner: string): Promise<PartnerSecret | null> {
    const secret = this.#secrets.get(partner);
    return secret === undefined ? null : structuredClone(secret);
  }
}

export class MemoryClaimChecks implements ClaimChecks {
  readonly bodies = new Map<string, Uint8Array>();

  async put({ partner, connectionId }: ClaimOwner, body: Uint8Array): Promise<string> {
    const key = `bodies/${partner}/${connectionId ?? "-"}/${createHash("sha256").update(body).digest("hex")}`;
    this.bodies.set(key, Uint8Array.from(body));
    return key;
  }

  async get(key: string): Promise<Uint8Array | null> {
    const body = this.bodies.get(key);
    return body === undefined ? null : Uint8Array.from(body);
  }
}

function keyOf(owner: Owner): string {
  return JSON.stringify([owner.partner, owner.connectionId]);
}
