import { addRemains, noRemains, remainKinds } from "../../../lib/engine/erasure.ts";
import type {
  Cleared,
  Counted,
  Eraser,
  Erasure,
  Kept,
  KeptKey,
  KeptPage,
  RemainKind,
  Remains,
} from "../../../lib/engine/erasure.ts";
import type { Job } from "../../../lib/engine/job.ts";
import type { RecordScope } from "../../../lib/engine/record.ts";
import type { MemoryConnectionStore } from "./connection-store.ts";
import type { MemoryFailureStore } from "./failure-store.ts";
import type { MemoryHistoryStore } from "./history-store.ts";
import type { MemoryParkedJobs } from "./parked-jobs.ts";
import type { MemoryRecordStore } from "./record-store.ts";
import type { MemoryRunStore } from "./run-store.ts";
import type { MemoryClaimChecks, MemoryCredentials } from "./secrets.ts";

export interface MemoryStores {
  readonly credentials: MemoryCredentials;
  readonly connections: MemoryConnectionStore;
  readonly records: MemoryRecordStore;
  readonly history: MemoryHistoryStore;
  readonly failures: MemoryFailureStore;
  readonly runs: MemoryRunStore;
  readonly parked: MemoryParkedJobs;
  readonly claims: MemoryClaimChecks;
}

type Of = Pick<Erasure, "partner" | "connectionId">;

/** Of each kind so many a call, so that whoever erases has to go on asking. */
const pageSize = 3;

export class MemoryEraser implements Eraser {
  readonly #stores: MemoryStores;

  constructor(stores: MemoryStores) {
    this.#stores = stores;
  }

  async read(partner: string, connectionId: string): Promise<Erasure | null> {
    return this.#stores.connections.marks().find(ofOwner({ partner, connectionId })) ?? null;
  }

  async mark(erasure: Erasure): Promise<"stored" | "superseded"> {
    return this.#stores.connections.mark(erasure);
  }

  async ofTenant(tenantId: string, limit: number): Promise<readonly Erasure[]> {
    return this.#stores.connections
      .marks()
      .filter((mark) => mark.tenantId === tenantId)
      .slice(0, limit);
  }

  async clear(kind: RemainKind, of: Parameters<Eraser["clear"]>[1]): Promise<Cleared> {
    const all = this.#found(of)[kind];
    for (const forget of all.slice(0, pageSize)) forget();
    if (kind !== "records") return { removed: { [kind]: Math.min(pageSize, all.length) }, left: all.length > pageSize };
    const left = new Set(this.#stores.records.all().filter(ofOwner(of)).map(idOf));
    const orphans =
      this.#found(of).history.length -
      this.#stores.history.entries.filter(ofOwner(of)).filter((entry) => left.has(idOf(entry))).length;
    this.#keepHistory((entry) => !ofOwner(of)(entry) || left.has(idOf(entry)));
    return { removed: { records: Math.min(pageSize, all.length), history: orphans }, left: all.length > pageSize };
  }

  async clearRecords(scope: RecordScope, externalIds: readonly string[]): Promise<Partial<Remains>> {
    const { records, history, failures } = this.#stores;
    const isOne = (thing: { readonly resource: string; readonly externalId: string }) =>
      thing.resource === scope.resource && externalIds.includes(thing.externalId);
    const gone = records.all().filter((record) => ofOwner(scope)(record) && isOne(record));
    for (const record of gone) records.forget(record);
    const before = history.entries.length;
    this.#keepHistory((entry) => !(ofOwner(scope)(entry) && isOne(entry)));
    const parked = externalIds.map((id) => `record-${scope.resource}-${id}`);
    const failed = failures.all().filter((failure) => ofOwner(scope)(failure) && parked.includes(failure.failureId));
    for (const failure of failed) failures.forget(failure);
    return { records: gone.length, history: before - history.entries.length, failures: failed.length };
  }

  async clearStates(scope: RecordScope, externalId: string, of: "history" | "history-and-record"): Promise<void> {
    const isOne = (thing: RecordScope & { readonly externalId: string }) =>
      ofOwner(scope)(thing) && thing.resource === scope.resource && thing.externalId === externalId;
    this.#keepHistory((entry) => !isOne(entry));
    if (of === "history-and-record") this.#stores.records.forget({ ...scope, externalId });
  }

  async kept(of: Of, after: string | null): Promise<KeptPage> {
    const placeOf = ({ kind, id }: KeptKey) => `${["failure", "job", "body"].indexOf(kind)} ${id}`;
    const all = this.#kept(of).toSorted((one, two) => (placeOf(one) < placeOf(two) ? -1 : 1));
    const later = all.filter((each) => after === null || placeOf(each) > after);
    const items = later.slice(0, pageSize).map(({ kind, id, texts }): Kept => ({
      kind,
      id,
      texts: async function* () {
        yield* texts;
      },
      place: placeOf({ kind, id }),
    }));
    const last = items.at(-1);
    return { items, next: last !== undefined && later.length > pageSize ? placeOf(last) : null };
  }

  async clearKept(of: Of, kept: readonly KeptKey[]): Promise<Partial<Remains>> {
    const gone = this.#kept(of).filter((each) => kept.some(({ kind, id }) => each.kind === kind && each.id === id));
    for (const { forget } of gone) forget();
    const countOf = (kind: Kept["kind"]) => gone.filter((each) => each.kind === kind).length;
    return { failures: countOf("failure"), runs: countOf("job"), objects: countOf("body") };
  }

  #kept(of: Of): readonly (KeptKey & { readonly texts: readonly string[]; readonly forget: () => void })[] {
    const { failures, parked, claims } = this.#stores;
    const mine = ofOwner(of);
    const prefix = `bodies/${of.partner}/${of.connectionId}/`;
    return [
      ...failures
        .all()
        .filter(mine)
        .map((failure) => ({
          kind: "failure" as const,
          id: failure.failureId,
          texts: [JSON.stringify(failure), ...this.#payloadOf(failure.job)],
          forget: () => {
            failures.forget(failure);
            this.#dropPayloadOf(failure.job);
          },
        })),
      ...parked
        .all()
        .filter(mine)
        .map((job) => ({
          kind: "job" as const,
          id: job.job.id,
          texts: [JSON.stringify(job), ...this.#payloadOf(job.job)],
          forget: () => {
            void parked.remove(job);
            this.#dropPayloadOf(job.job);
          },
        })),
      ...[...claims.bodies]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, body]) => ({
          kind: "body" as const,
          id: key,
          texts: [Buffer.from(body).toString("utf8")],
          forget: () => void claims.bodies.delete(key),
        })),
    ];
  }

  #payloadOf(job: Job | null): readonly string[] {
    if (job?.work.kind !== "webhook") return [];
    const { body } = job.work;
    if (body.kind === "base64") return [Buffer.from(body.base64, "base64").toString("utf8")];
    const claimed = body.kind === "claim" ? this.#stores.claims.bodies.get(body.key) : undefined;
    return claimed === undefined ? [] : [Buffer.from(claimed).toString("utf8")];
  }

  #dropPayloadOf(job: Job | null): void {
    if (job?.work.kind === "webhook" && job.work.body.kind === "claim")
      this.#stores.claims.bodies.delete(job.work.body.key);
  }

  async count(of: Of, _after: string | null): Promise<Counted> {
    const found = this.#found(of);
    const counts = remainKinds.map((kind) => ({ [kind]: found[kind].length }));
    return { counts: counts.reduce(addRemains, noRemains), next: null };
  }

  /** What there is of each kind, as what forgets it. */
  #found(of: Of): Readonly<Record<RemainKind, readonly (() => void)[]>> {
    const { connections, credentials, records, history, failures, runs, parked, claims } = this.#stores;
    const mine = ofOwner(of);
    const prefixes = [`records/${of.partner}/${of.connectionId}/`, `bodies/${of.partner}/${of.connectionId}/`];
    const objects = [...claims.bodies.keys()].filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
    return {
      records: records
        .all()
        .filter(mine)
        .map((record) => () => records.forget(record)),
      history: history.entries.filter(mine).map((entry) => () => this.#keepHistory((other) => other !== entry)),
      failures: failures
        .all()
        .filter(mine)
        .map((failure) => () => failures.forget(failure)),
      runs: [
        ...runs
          .all()
          .filter(mine)
          .map((run) => () => runs.forget(run)),
        ...parked
          .all()
          .filter(mine)
          .map((job) => () => void parked.remove(job)),
      ],
      objects: objects.map((key) => () => void claims.bodies.delete(key)),
      answers: [],
      connection:
        connections.resources().some(mine) || credentials.has(of) ? [() => connections.forgetResources(of)] : [],
    };
  }

  #keepHistory(keep: (entry: MemoryHistoryStore["entries"][number]) => boolean): void {
    const { entries } = this.#stores.history;
    entries.splice(0, entries.length, ...entries.filter(keep));
  }
}

function ofOwner(of: Of): (thing: Of) => boolean {
  return (thing) => thing.partner === of.partner && thing.connectionId === of.connectionId;
}

function idOf(thing: { readonly resource: string; readonly externalId: string }): string {
  return JSON.stringify([thing.resource, thing.externalId]);
}
