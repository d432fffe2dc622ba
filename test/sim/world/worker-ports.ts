import { CallTallies } from "../../../lib/engine/call-tallies.ts";
import { askedTogether } from "../../../lib/engine/gate/asked-together.ts";
import { createSharedGate } from "../../../lib/engine/gate/shared-gate.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { LaneGauge, Lanes, Log, Mappings, Metrics, Ports, Transport } from "../../../lib/engine/ports.ts";
import { MemoryCredentialAttempts } from "../../support/memory/credential-attempts.ts";
import { RecordedAudit } from "../../support/memory/telemetry.ts";
import type { Ground } from "../kernel/ground.ts";
import { cachedControl } from "./cached-control.ts";
import type { FaultRates } from "./conditions.ts";
import { behindFaults } from "./fault-layer.ts";
import type { Instance } from "./instance.ts";
import type { Stores } from "./stores.ts";

export interface SharedWorld {
  readonly ground: Ground;
  readonly stores: Stores;
  readonly lanes: Lanes & LaneGauge;
  readonly faults: FaultRates;
  readonly drivers: readonly PartnerDriver[];
  readonly transportFor: (instance: Instance) => Transport;
}

/** With what only the scheduled functions use. */
export type WorkerPorts = Ports & { readonly lanes: Lanes & LaneGauge; readonly mappings: Mappings };

/** The ports of one worker: its own clock, gate and caches, and everything shared behind the fault layer. */
export function portsFor(world: SharedWorld, instance: Instance, mappings: Mappings): WorkerPorts {
  const { ground, stores, faults, drivers } = world;
  const behind = <Port extends object>(name: string, port: Port): Port =>
    behindFaults(ground, instance, faults, name, port);
  const random = instance.prng.fork("random");
  return {
    clock: instance.clock,
    random: { unit: () => random.unit(), id: () => `${instance.id}-${random.id()}` },
    transport: world.transportFor(instance),
    browserUrl: (url) => url,
    gate: askedTogether(
      createSharedGate({ items: behind("gate", stores.gateItems), clock: instance.clock, random }),
      instance.clock,
    ),
    lanes: behind("lanes", world.lanes),
    mappings: behind("mappings", mappings),
    runs: behind("runs", stores.runs),
    records: behind("records", stores.records),
    history: behind("history", stores.history),
    events: behind("events", stores.events),
    control: cachedControl(behind("control", stores.control), instance.clock),
    parked: behind("parked", stores.parked),
    tallies: new CallTallies(),
    connections: behind("connections", stores.connections),
    credentials: behind("credentials", stores.credentials),
    // No sandbox here is connected by a person.
    attempts: new MemoryCredentialAttempts({ forget: () => undefined }),
    leases: behind("leases", stores.leases),
    partnerSecrets: behind("secrets", stores.partnerSecrets),
    claims: behind("claims", stores.claims),
    deliveries: behind("deliveries", stores.deliveries),
    failures: behind("failures", stores.failures),
    audit: new RecordedAudit(),
    metrics: countedIn(ground),
    log: tracedIn(ground, instance),
    partners: { find: (name) => drivers.find((driver) => driver.name === name) ?? null, all: () => drivers },
  };
}

function countedIn(ground: Ground): Metrics {
  return {
    count: (name, value, { kind }) => {
      ground.coverage.count(kind === undefined ? `metric ${name}` : `metric ${name} ${kind}`, value);
    },
  };
}

function tracedIn(ground: Ground, instance: Instance): Log {
  const write = (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
    ground.trace.add(ground.loop.nowMs(), `${instance.id} says ${message} ${JSON.stringify(fields).slice(0, 200)}`);
  return { info: write, warn: write, error: write };
}
