import { createHmac, timingSafeEqual } from "node:crypto";
import type { Caller } from "./door-request.ts";

/** Credentials of a role, as a function's process gets them. */
export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** Who may call: the operator of the machine, and one set of credentials for each role. */
export interface Identities {
  readonly operator: { readonly accessKeyId: string; readonly secretAccessKey: string };
  credentialsFor(roleArn: string): RoleCredentials;
  /** Null for a key that was never given out. */
  find(accessKeyId: string): Identity | null;
}

export interface Identity {
  readonly caller: Caller;
  readonly secretAccessKey: string;
  /** Null where none is due. */
  readonly sessionToken: string | null;
}

/**
 * Credentials derive from one secret of the installation, so that a function started before a restart of the services is
 * still known after it, and nothing but that secret has to be kept.
 */
export function createIdentities(installationSecret: Buffer): Identities {
  const known = new Map<string, Identity>();
  const operatorSecret = derive(installationSecret, "operator", "secret");
  const operator = {
    accessKeyId: `LOCALOPERATOR${derive(installationSecret, "operator", "id").slice(0, 7)}`,
    secretAccessKey: operatorSecret,
  };
  known.set(operator.accessKeyId, {
    caller: { kind: "operator" },
    secretAccessKey: operatorSecret,
    sessionToken: null,
  });
  return {
    operator,
    credentialsFor(roleArn) {
      const credentials = roleCredentials(installationSecret, roleArn);
      const roleName = roleArn.slice(roleArn.lastIndexOf("/") + 1);
      known.set(credentials.accessKeyId, { caller: { kind: "role", roleArn, roleName }, ...credentials });
      return credentials;
    },
    find: (accessKeyId) => known.get(accessKeyId) ?? null,
  };
}

/** Compares secrets in a time that does not depend on where they differ; their length is none. */
export function sameSecret(left: string, right: string): boolean {
  const [leftBytes, rightBytes] = [Buffer.from(left), Buffer.from(right)];
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes);
}

function roleCredentials(installationSecret: Buffer, roleArn: string): RoleCredentials {
  return {
    accessKeyId: `LOCALROLE${derive(installationSecret, roleArn, "id").slice(0, 11)}`,
    secretAccessKey: derive(installationSecret, roleArn, "secret"),
    sessionToken: derive(installationSecret, roleArn, "session"),
  };
}

/** Upper-case hexadecimal: fit for key ids, secrets and tokens alike. */
function derive(installationSecret: Buffer, subject: string, use: string): string {
  return createHmac("sha256", installationSecret).update(`${use}\n${subject}`).digest("hex").toUpperCase();
}
