import type { Control } from "../../../lib/engine/control.ts";
import type { ChangeEvent } from "../../../lib/engine/change-event.ts";
import type { HistoryEntry } from "../../../lib/engine/history.ts";
import type { Failure, ResourceState } from "../../../lib/engine/ports.ts";
import type { Run } from "../../../lib/engine/run.ts";
import { MemoryChangeBus } from "../../support/memory/change-bus.ts";
import { MemoryConnectionStore } from "../../support/memory/connection-store.ts";
import { MemoryControlStore } from "../../support/memory/control-store.ts";
import { MemoryDeliveries } from "../../support/memory/deliveries.ts";
import { MemoryFailureStore } from "../../support/memory/failure-store.ts";
import { MemoryGateItems } from "../../support/memory/gate-items.ts";
import { MemoryHistoryStore } from "../../support/memory/history-store.ts";
import { MemoryLeases } from "../../support/memory/leases.ts";
import { MemoryParkedJobs } from "../../support/memory/parked-jobs.ts";
import { MemoryRunStore } from "../../support/memory/run-store.ts";
import { MemoryClaimChecks, MemoryCredentials, MemoryPartnerSecrets } from "../../support/memory/secrets.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";
import { SimulatedRecordStore } from "./record-store.ts";

/** The tables and the bucket, one of each for all workers; what they store is told to the invariants. */
export type Stores = ReturnType<typeof createStores>;

export function createStores(ground: Ground, prng: Prng, settings: { readonly staleIndex: number }) {
  const clock = { nowMs: () => ground.loop.nowMs(), sleep: (delayMs: number) => ground.loop.sleep(delayMs) };
  const credentials = new MemoryCredentials(clock);
  const staleness = new StaleIndex(ground, prng.fork("indexes"), settings.staleIndex);
  return {
    runs: new SimulatedRunStore(ground, staleness),
    records: new SimulatedRecordStore(ground, clock, prng.fork("digests"), settings.staleIndex),
    history: new SimulatedHistoryStore(ground),
    events: new SimulatedChangeBus(ground),
    control: new SimulatedControlStore(ground),
    parked: new MemoryParkedJobs(prng.fork("parked")),
    connections: new SimulatedConnectionStore(staleness, (owner) => credentials.forget(owner)),
    credentials,
    leases: new MemoryLeases(clock),
    partnerSecrets: new MemoryPartnerSecrets(),
    claims: new MemoryClaimChecks(),
    deliveries: new MemoryDeliveries(),
    failures: new SimulatedFailureStore(ground),
    gateItems: new MemoryGateItems(),
  };
}

/** Global indexes answer with what was true a moment ago. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html */
class StaleIndex {
  readonly #latest = new Map<string, readonly unknown[]>();
  readonly #ground: Ground;
  readonly #prng: Prng;
  readonly #probability: number;

  constructor(ground: Ground, prng: Prng, probability: number) {
    this.#ground = ground;
    this.#prng = prng;
    this.#probability = probability;
  }

  answer<T>(query: string, now: readonly T[]): readonly T[] {
    const former = this.#latest.get(query);
    this.#latest.set(query, now);
    if (former === undefined || !this.#ground.isFaulty() || !this.#prng.chance(this.#probability)) return now;
    this.#ground.coverage.count("stale index");
    // What was kept under this query is of this query's type.
    return former as readonly T[];
  }
}

class SimulatedRunStore extends MemoryRunStore {
  readonly #ground: Ground;
  readonly #staleness: StaleIndex;

  constructor(ground: Ground, staleness: StaleIndex) {
    super();
    this.#ground = ground;
    this.#staleness = staleness;
  }

  override async create(run: Run): Promise<"created" | "exists"> {
    const outcome = await super.create(run);
    if (outcome === "created") this.#tell(null, run);
    return outcome;
  }

  override async compareAndSet(next: Run): Promise<"stored" | "superseded"> {
    const before = await super.read(next.partner, next.connectionId, next.runId);
    const outcome = await super.compareAndSet(next);
    if (outcome === "stored") this.#tell(before, next);
    else this.#ground.coverage.count("run superseded");
    return outcome;
  }

  override async standingStill(partner: string, nowMs: number, limit: number): Promise<readonly Run[]> {
    return this.#staleness.answer(`still ${partner}`, await super.standingStill(partner, nowMs, limit));
  }

  #tell(before: Run | null, after: Run): void {
    this.#ground.tell({ kind: "run-stored", before, after, by: this.#ground.actor });
  }
}

class SimulatedControlStore extends MemoryControlStore {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    super();
    this.#ground = ground;
  }

  override async compareAndSet(next: Control): Promise<"stored" | "superseded"> {
    const before = await super.read(next.partner, next.connectionId);
    const outcome = await super.compareAndSet(next);
    if (outcome !== "stored") return outcome;
    const whose = next.connectionId === null ? "partner" : "connection";
    if (before.breaker.kind !== next.breaker.kind)
      this.#ground.coverage.count(`breaker of ${whose} ${next.breaker.kind}`);
    this.#ground.tell({ kind: "control-stored", before, after: next, by: this.#ground.actor });
    return outcome;
  }
}

class SimulatedConnectionStore extends MemoryConnectionStore {
  readonly #staleness: StaleIndex;

  constructor(staleness: StaleIndex, forget: ConstructorParameters<typeof MemoryConnectionStore>[0]) {
    super(forget);
    this.#staleness = staleness;
  }

  override async due(partner: string, nowMs: number, limit: number): Promise<readonly ResourceState[]> {
    return this.#staleness.answer(`due ${partner}`, await super.due(partner, nowMs, limit));
  }
}

class SimulatedHistoryStore extends MemoryHistoryStore {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    super();
    this.#ground = ground;
  }

  override async append(entry: HistoryEntry): Promise<"appended" | "exists"> {
    const outcome = await super.append(entry);
    if (outcome === "appended") this.#ground.tell({ kind: "history-appended", entry });
    else this.#ground.coverage.count("change published again");
    return outcome;
  }
}

class SimulatedChangeBus extends MemoryChangeBus {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    super();
    this.#ground = ground;
  }

  override async publish(events: readonly ChangeEvent[]): Promise<void> {
    await super.publish(events);
    for (const event of events) this.#ground.tell({ kind: "event-published", event });
  }
}

class SimulatedFailureStore extends MemoryFailureStore {
  readonly #ground: Ground;

  constructor(ground: Ground) {
    super();
    this.#ground = ground;
  }

  override async record(failure: Failure): Promise<void> {
    await super.record(failure);
    this.#ground.coverage.count(`failure: ${failure.why.code}`);
    this.#ground.tell({ kind: "failure-recorded", failure });
  }
}
