import process from "node:process";
import { nudgeFor } from "../../../lib/engine/nudge.ts";
import type { Ports, RecordStore } from "../../../lib/engine/ports.ts";
import { pushRun } from "../../../lib/flows/push-run.ts";
import { startRun } from "../../../lib/flows/start-run.ts";
import { acme as driver, connection } from "../../flows/support/acme.ts";
import { MemoryRunStore } from "../../support/memory/run-store.ts";
import { createMemoryPorts } from "../../support/memory-ports.ts";
import { stateOf } from "./bench-connection.ts";

/*
 * One import in a process of its own, and the most memory that it ever took: `records`, and how many entries the digests
 * index has. Nothing is kept of the records, and the partner makes its pages as they are asked for.
 */
const [records = 0, indexed = 0] = process.argv.slice(2).map(Number);
const pageSize = 100;

let written = 0;
const nameOf = (index: number): string => `order-${String(index).padStart(14, "0")}`;

const counting: RecordStore = {
  read: async () => null,
  marks: async () => new Map(),
  digests: async (_scope, after, limit) => {
    const from = after === null ? 0 : Number(after.slice(-14)) + 1;
    const marks = Array.from({ length: Math.max(0, Math.min(limit, indexed - from)) }, (_, index) => {
      const externalId = nameOf(from + index);
      return { externalId, digest: "another", order: 1, version: 1, deleted: false, writtenAtMs: 0 };
    });
    return { marks, next: from + limit < indexed ? (marks.at(-1)?.externalId ?? null) : null };
  },
  write: async () => {
    written += 1;
    return "created";
  },
  list: async () => ({ items: [], next: null, previous: null, total: 0 }),
  find: async () => ({ items: [], next: null, previous: null }),
};

function pageNumber(page: number): Uint8Array {
  const from = page * pageSize;
  const items = Array.from({ length: Math.min(pageSize, records - from) }, (_, index) => {
    return { id: nameOf(from + index), amount: index, note: "x".repeat(500) };
  });
  return new TextEncoder().encode(JSON.stringify({ items, next: from + pageSize < records ? page + 1 : null }));
}

/** What a pass has seen is forgotten, and made up again when it is asked for: as many values, in parts as large as a turn's. */
class CountingRuns extends MemoryRunStore {
  #kept = 0;

  override async noteSeen(_of: unknown, _part: string, bits: Uint32Array): Promise<void> {
    this.#kept += bits.length;
  }

  override async readSeen(_of: unknown, after: string | null): ReturnType<MemoryRunStore["readSeen"]> {
    const from = Number(after ?? 0);
    const bits = Uint32Array.from({ length: Math.min(turn, this.#kept - from) }, (_, index) => (from + index) * 2_147);
    return { bits: [bits], next: from + turn < this.#kept ? String(from + turn) : null };
  }
}
const turn = 20_000;

const memory = createMemoryPorts({ partners: [driver] });
const silent = () => {};
const ports: Ports = {
  ...memory,
  records: counting,
  runs: new CountingRuns(),
  log: { info: silent, warn: silent, error: silent },
  metrics: { count: silent },
  lanes: { send: async () => {}, giveUp: (_job, why) => Promise.reject(new Error(why.message)) },
  gate: {
    reserve: async () => ({ kind: "granted", id: "1", sendAtMs: [memory.clock.nowMs()], lateMsMax: 1_000 }),
    settle: async () => {},
  },
  transport: {
    send: async ({ url }) => ({
      kind: "answered",
      status: 200,
      headers: { "content-type": "application/json" },
      body: pageNumber(Number(new URL(url).searchParams.get("page"))),
    }),
  },
};

const state = { ...stateOf(connection), resource: "orders" };
await ports.connections.create(connection);
await ports.connections.createResource(state);
await ports.credentials.replace(connection, null, { apiKey: "key" });
const started = await startRun(ports, { driver, connection, state, mode: "full", trigger: "manual", slot: "1" });
if (started.kind !== "started") throw new Error("the run did not start");
const { partner, connectionId, runId } = started.run;
for (;;) {
  const run = await ports.runs.read(partner, connectionId, runId);
  if (run === null || run.status.kind !== "active") break;
  const job = nudgeFor(run, ports.clock.nowMs());
  if (job.work.kind !== "push") throw new Error("a nudge pushes");
  await pushRun(ports, driver, job, job.work, { workerId: "bench", deadlineMs: ports.clock.nowMs() + 60_000 });
}
process.stdout.write(JSON.stringify({ written, peakKb: process.resourceUsage().maxRSS }));
