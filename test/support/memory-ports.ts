import { CallTallies } from "../../lib/engine/call-tallies.ts";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import type { CredentialSeals } from "../../lib/engine/credential-seals.ts";
import type { PartnerSecret, Ports } from "../../lib/engine/ports.ts";
import { SeededRandom, startMs, VirtualClock } from "./memory/clock.ts";
import { MemoryApiKeys } from "./memory/api-keys.ts";
import { MemoryChangeBus } from "./memory/change-bus.ts";
import { MemoryConnectionStore } from "./memory/connection-store.ts";
import { MemoryCredentialAttempts } from "./memory/credential-attempts.ts";
import { MemoryControlStore } from "./memory/control-store.ts";
import { MemoryDeliveries } from "./memory/deliveries.ts";
import { MemoryEraser } from "./memory/eraser.ts";
import { MemoryFailureStore } from "./memory/failure-store.ts";
import { MemoryGate } from "./memory/gate.ts";
import { MemoryHistoryStore } from "./memory/history-store.ts";
import { MemoryLanes } from "./memory/lanes.ts";
import { MemoryLeases } from "./memory/leases.ts";
import { MemoryParkedJobs } from "./memory/parked-jobs.ts";
import { MemoryRecordStore } from "./memory/record-store.ts";
import { MemoryRunStore } from "./memory/run-store.ts";
import { MemoryClaimChecks, MemoryCredentials, MemoryPartnerSecrets } from "./memory/secrets.ts";
import { RecordedAudit, RecordedLog, RecordedMetrics } from "./memory/telemetry.ts";
import { ScriptedTransport } from "./memory/transport.ts";

export { startMs } from "./memory/clock.ts";
export { jsonAnswer } from "./memory/transport.ts";

/** The ports, and everything that a test wants to see or do behind them. */
export interface MemoryPorts extends Ports {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly transport: ScriptedTransport;
  readonly gate: MemoryGate;
  readonly lanes: MemoryLanes;
  readonly runs: MemoryRunStore;
  readonly records: MemoryRecordStore;
  readonly history: MemoryHistoryStore;
  readonly events: MemoryChangeBus;
  readonly connections: MemoryConnectionStore;
  readonly credentials: MemoryCredentials;
  readonly attempts: MemoryCredentialAttempts;
  readonly leases: MemoryLeases;
  readonly partnerSecrets: MemoryPartnerSecrets;
  readonly claims: MemoryClaimChecks;
  readonly deliveries: MemoryDeliveries;
  readonly failures: MemoryFailureStore;
  readonly control: MemoryControlStore;
  readonly parked: MemoryParkedJobs;
  readonly eraser: MemoryEraser;
  readonly keys: MemoryApiKeys;
  readonly seals: CredentialSeals;
  readonly audit: RecordedAudit;
  readonly metrics: RecordedMetrics;
  readonly log: RecordedLog;
}

export interface MemoryPortsOptions {
  readonly partners?: readonly PartnerDriver[];
  readonly seed?: number;
  readonly nowMs?: number;
  readonly secrets?: Readonly<Record<string, PartnerSecret>>;
}

/**
 * Every port in memory, with the conditional semantics of the real stores and time that passes only by `sleep`.
 *
 * @example
 * const ports = createMemoryPorts({ partners: [stripe] });
 * ports.transport.respond(() => jsonAnswer(200, { data: [] }));
 */
export function createMemoryPorts(options: MemoryPortsOptions = {}): MemoryPorts {
  const clock = new VirtualClock(options.nowMs ?? startMs);
  const random = new SeededRandom(options.seed ?? 1);
  const credentials = new MemoryCredentials(clock);
  const partnerSecrets = new MemoryPartnerSecrets();
  for (const [partner, secret] of Object.entries(options.secrets ?? {})) partnerSecrets.set(partner, secret);
  const partners = options.partners ?? [];
  const stores = {
    runs: new MemoryRunStore(),
    records: new MemoryRecordStore(clock),
    history: new MemoryHistoryStore(),
    connections: new MemoryConnectionStore((owner) => credentials.forget(owner)),
    credentials,
    claims: new MemoryClaimChecks(),
    deliveries: new MemoryDeliveries(),
    failures: new MemoryFailureStore(),
    parked: new MemoryParkedJobs(random),
  };
  return {
    ...stores,
    clock,
    random,
    transport: new ScriptedTransport(),
    browserUrl: (url) => url,
    gate: new MemoryGate(clock, random),
    lanes: new MemoryLanes(clock),
    events: new MemoryChangeBus(),
    eraser: new MemoryEraser(stores),
    attempts: new MemoryCredentialAttempts(credentials),
    leases: new MemoryLeases(clock),
    partnerSecrets,
    control: new MemoryControlStore(),
    tallies: new CallTallies(),
    keys: new MemoryApiKeys(),
    seals: { renew: (owner) => credentials.renewSeal(owner) },
    audit: new RecordedAudit(),
    metrics: new RecordedMetrics(),
    log: new RecordedLog(),
    partners: { find: (name) => partners.find((partner) => partner.name === name) ?? null, all: () => partners },
  };
}
