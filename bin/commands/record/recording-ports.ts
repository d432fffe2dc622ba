import { systemClock, systemRandom } from "../../../lib/aws/clock.ts";
import { CallTallies } from "../../../lib/engine/call-tallies.ts";
import { createSharedGate } from "../../../lib/engine/gate/shared-gate.ts";
import type { GateItem } from "../../../lib/engine/gate/gate-item.ts";
import type {
  Credential,
  CredentialFields,
  OutboundAnswer,
  OutboundRequest,
  Transport,
} from "../../../lib/engine/ports.ts";
import type { CallPorts } from "../../../lib/flows/call-partner.ts";
import { controlAtRest, parkedThatSay } from "../control-at-rest.ts";

const standInApp = { clientId: "stand-in", clientSecret: "stand-in", redirectUri: "https://stand-in.example/callback" };

export interface Recorded {
  readonly request: OutboundRequest;
  readonly answer: OutboundAnswer;
}

export interface RecordingWorld {
  readonly ports: CallPorts;
  readonly recorded: readonly Recorded[];
}

/**
 * What calls to a partner need, for one connection and in this process, with every exchange kept as it came. One for all
 * resources: a token that was bought serves them all, and so does what is left of the limits.
 */
export function createRecordingWorld(transport: Transport, fields: CredentialFields): RecordingWorld {
  const recorded: Recorded[] = [];
  const ports: CallPorts = {
    clock: systemClock,
    transport: {
      async send(request) {
        const answer = await transport.send(request);
        recorded.push({ request, answer });
        return answer;
      },
    },
    gate: createSharedGate({ clock: systemClock, random: systemRandom, items: gateItems() }),
    credentials: credentialsOf(fields),
    // One process with one call at a time has nobody to hold a lease against.
    leases: {
      acquire: async (key, ttlMs) => ({ kind: "leased", key, fence: 1, expiresAtMs: systemClock.nowMs() + ttlMs }),
      release: async () => undefined,
    },
    // Recording holds no refresh token, so no app is ever sent anywhere: with this one a refused token is told as what it is.
    partnerSecrets: { read: async () => ({ connectionKey: "", webhookSecrets: [], app: standInApp }) },
    metrics: { count: () => undefined },
    random: systemRandom,
    control: controlAtRest,
    parked: parkedThatSay(() => undefined),
    tallies: new CallTallies(),
    // A refused credential is the command's to tell: there is no connection to mark.
    connections: { read: async () => null, compareAndSet: async () => "superseded" },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  };
  return { ports, recorded };
}

function credentialsOf(fields: CredentialFields): CallPorts["credentials"] {
  let stored: Credential = { fields, revision: 1, storedAtMs: systemClock.nowMs() };
  const store = (next: CredentialFields): void => {
    stored = { fields: next, revision: stored.revision + 1, storedAtMs: systemClock.nowMs() };
  };
  return {
    read: async () => stored,
    replace: async (_connection, used, next) => {
      if (used?.revision !== stored.revision) return "superseded";
      store(next);
      return "stored";
    },
    overwrite: async (_connection, next) => store(next),
  };
}

function gateItems(): Parameters<typeof createSharedGate>[0]["items"] {
  const items = new Map<string, { readonly item: GateItem; readonly revision: number }>();
  return {
    read: async (key) => items.get(key) ?? { item: null, revision: 0 },
    write: async (key, item, readRevision) => {
      if ((items.get(key)?.revision ?? 0) !== readRevision) return "superseded";
      items.set(key, { item, revision: readRevision + 1 });
      return "stored";
    },
  };
}
