import { systemRandom } from "../../../lib/aws/clock.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { Job } from "../../../lib/engine/job.ts";
import type { Clock, Connection, GiveUp, Ports, Transport } from "../../../lib/engine/ports.ts";
import type { ConsumePorts } from "../../../lib/flows/consume-job.ts";
import { CallTallies } from "../../../lib/engine/call-tallies.ts";
import { controlAtRest, parkedThatSay } from "../control-at-rest.ts";
import { standInCredential } from "../record/stand-in-credential.ts";
import { ReplayConnections, ReplayRecords, ReplayRuns } from "./replay-stores.ts";

/** What a replayed job sent, instead of sending it. */
export interface Sent {
  readonly jobs: { readonly job: Job; readonly delayMs: number }[];
  readonly givenUp: GiveUp[];
}

export interface ReplayWorld {
  readonly ports: ConsumePorts;
  readonly connections: ReplayConnections;
  readonly sent: Sent;
}

/** The ports that a job is worked on, in this process alone: nothing leaves it, and every step is said. */
export function createReplayPorts(world: {
  readonly driver: PartnerDriver;
  readonly connection: Connection | null;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}): ReplayWorld {
  const { driver, clock, say } = world;
  const sent: Sent = { jobs: [], givenUp: [] };
  const connections = new ReplayConnections(world.connection);
  const ports: ConsumePorts = {
    clock,
    random: systemRandom,
    transport: world.transport,
    // Nobody's limit is touched, so every call is let through at once.
    gate: {
      reserve: async () => ({
        kind: "granted",
        id: "replay",
        sendAtMs: [clock.nowMs()],
        lateMsMax: Number.MAX_SAFE_INTEGER,
      }),
      settle: async () => undefined,
    },
    lanes: {
      send: async (job, delayMs) => void sent.jobs.push({ job, delayMs }),
      giveUp: async (_job, why) => void sent.givenUp.push(why),
    },
    runs: new ReplayRuns(),
    records: new ReplayRecords(say),
    connections,
    credentials: {
      read: async () => ({ fields: standInCredential(driver), revision: 1, storedAtMs: 0 }),
      replace: async () => "stored",
      overwrite: async () => undefined,
    },
    leases: {
      acquire: async (key, ttlMs) => ({ kind: "leased", key, fence: 1, expiresAtMs: clock.nowMs() + ttlMs }),
      release: async () => undefined,
    },
    // No app of ours is at hand: a token that has run out is not refreshed here.
    partnerSecrets: { read: async () => null },
    claims: { put: async () => "replay", get: async () => null },
    // Whatever was worked before is worked again here.
    deliveries: { isDone: async () => false, markDone: async () => undefined },
    failures: failuresThatSay(say),
    attempts: {
      create: async () => "created",
      read: async () => null,
      compareAndSet: async () => "stored",
      forget: async () => undefined,
      removeOf: async () => 0,
    },
    audit: { append: async () => undefined },
    control: controlAtRest,
    parked: parkedThatSay(say),
    tallies: new CallTallies(),
    metrics: { count: () => undefined },
    log: {
      info: (message) => say(message),
      warn: (message, fields) => say(`${message}${fieldsText(fields)}`),
      error: (message, fields) => say(`${message}${fieldsText(fields)}`),
    },
    partners: { find: (name) => (name === driver.name ? driver : null), all: () => [driver] },
  };
  return { ports, connections, sent };
}

function failuresThatSay(say: (line: string) => void): Ports["failures"] {
  return {
    record: async ({ why }) => say(`parked: ${why.message}`),
    read: async () => null,
    move: async () => "moved",
    openBefore: async () => [],
    list: async () => ({ items: [], next: null, previous: null, total: 0 }),
  };
}

function fieldsText(fields: Readonly<Record<string, unknown>> = {}): string {
  const told = [fields["code"], fields["place"]].filter((field) => typeof field === "string");
  return told.length === 0 ? "" : ` (${told.join(", ")})`;
}
