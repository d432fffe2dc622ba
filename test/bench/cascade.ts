import { askedTogether } from "../../lib/engine/gate/asked-together.ts";
import { createSharedGate } from "../../lib/engine/gate/shared-gate.ts";
import { nudgeFor } from "../../lib/engine/nudge.ts";
import type { Clock, Ports, Transport } from "../../lib/engine/ports.ts";
import { pushRun } from "../../lib/flows/push-run.ts";
import { startRun } from "../../lib/flows/start-run.ts";
import { EventLoop } from "../sim/kernel/event-loop.ts";
import { createMemoryPorts, jsonAnswer, startMs } from "../support/memory-ports.ts";
import { MemoryGateItems } from "../support/memory/gate-items.ts";
import { connectionOf, stateOf } from "./support/bench-connection.ts";
import { answerTo, cascading, childrenOfEach, idsMax } from "./support/cascade-partner.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult } from "./support/report.ts";

const count = 100;
const callMs = 200;
/** Of the records, the runs and the gate's item alike. */
const storeMs = 8;
const listings = Array.from({ length: count }, (_, index) => `listing-${index}`);
/** The listings, and of each its detail, its media and its transactions. */
const recordsInAll = count * (2 + childrenOfEach.media + childrenOfEach.transactions);

interface Took {
  readonly calls: number;
  readonly tookMs: number;
}

/** An import of things with children, against asking for one after the other; in virtual time. */
export async function cascade(): Promise<BenchResult> {
  const serial = await askSerially();
  const each = await importAll(false);
  const batched = await importAll(true);
  return {
    settings: { listings: count, callMs, storeMs, callsAtOnce: 5, idsABatch: idsMax, records: recordsInAll },
    rows: [
      row("an import, media and transactions in batches", "subject", "calls", [batched.calls]),
      row("an import, a list for each listing", "subject", "calls", [each.calls]),
      row("one call after the other", "baseline", "calls", [serial.calls]),
      row("an import, media and transactions in batches", "subject", "ms", [batched.tookMs]),
      row("an import, a list for each listing", "subject", "ms", [each.tookMs]),
      row("one call after the other", "baseline", "ms", [serial.tookMs]),
    ],
    verdicts: [
      judge("calls where the partner batches", { kind: "at-most", limit: 110 }, [batched.calls], "calls"),
      judge("time, a list for each / serial", { kind: "at-most", limit: 0.25 }, [each.tookMs / serial.tookMs]),
      judge("time, in batches / serial", { kind: "at-most", limit: 0.25 }, [batched.tookMs / serial.tookMs]),
    ],
    notes: [
      `Virtual time: each call takes ${callMs} ms, each read or write of ours ${storeMs} ms. The serial loop asks no gate and stores nothing.`,
      "The gate is asked for every call, and its limit is never the bottleneck. Details come one by one in both imports.",
    ],
  };
}

async function askSerially(): Promise<Took> {
  const partner = openPartner();
  const loop = partner.loop;
  const ask = async (path: string): Promise<void> => {
    await partner.transport.send({ ...request, url: `https://api.bench.example${path}` });
  };
  return inTime(partner, async () => {
    await ask("/listings");
    for (const id of listings)
      for (const path of [`/details/${id}`, `/listings/${id}/media`, `/listings/${id}/transactions`]) await ask(path);
    return loop.nowMs();
  });
}

const request = { method: "GET", url: "", headers: {}, body: null, timeoutMs: 20_000, bytesMax: 1_000_000 } as const;

async function importAll(batched: boolean): Promise<Took> {
  const partner = openPartner();
  const { loop } = partner;
  const driver = cascading(batched);
  const memory = createMemoryPorts({ partners: [driver] });
  const clock: Clock = { nowMs: () => loop.nowMs(), sleep: (delayMs) => loop.sleep(delayMs) };
  const slow = <Port extends object>(port: Port): Port =>
    slowed(port, async () => {
      await loop.sleep(storeMs);
      memory.clock.set(loop.nowMs());
    });
  const items = slow(new MemoryGateItems());
  const ports: Ports = {
    ...memory,
    clock,
    transport: partner.transport,
    records: slow(memory.records),
    runs: slow(memory.runs),
    gate: askedTogether(createSharedGate({ items, clock, random: memory.random }), clock),
  };
  const connection = connectionOf(driver.name, 1);
  const state = { ...stateOf(connection), resource: "listings" };
  await memory.connections.create(connection);
  await memory.connections.createResource(state);
  await memory.credentials.replace(connection, null, { apiKey: "sk_test_bench" });
  const took = await inTime(partner, async () => {
    const started = await startRun(ports, { driver, connection, state, mode: "full", trigger: "manual", slot: "1" });
    if (started.kind !== "started") throw new Error("the run did not start");
    const job = nudgeFor(started.run, clock.nowMs());
    if (job.work.kind !== "push") throw new Error("a nudge pushes");
    await pushRun(ports, driver, job, job.work, { workerId: "bench", deadlineMs: clock.nowMs() + 600_000 });
    return loop.nowMs();
  });
  const kept = memory.records.all().length;
  if (kept !== recordsInAll) throw new Error(`${kept} of ${recordsInAll} records were written`);
  return took;
}

interface Partner {
  readonly loop: EventLoop;
  readonly transport: Transport;
  calls(): number;
}

function openPartner(): Partner {
  const loop = new EventLoop(startMs);
  let calls = 0;
  const transport: Transport = {
    async send({ url }) {
      calls += 1;
      await loop.sleep(callMs);
      return jsonAnswer(200, answerTo(url, listings));
    },
  };
  return { loop, transport, calls: () => calls };
}

/** Lets virtual time pass until the work has ended; `work` gives the moment at which it did. */
async function inTime({ loop, calls }: Partner, work: () => Promise<number>): Promise<Took> {
  const working = work();
  working.catch((error: unknown) => loop.fail(error instanceof Error ? error : new Error(String(error))));
  await loop.runUntil(startMs + 3_600_000);
  return { calls: calls(), tookMs: (await working) - startMs };
}

/** The same port, each of its calls taking its time. */
function slowed<Port extends object>(port: Port, wait: () => Promise<void>): Port {
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return async (...args: unknown[]): Promise<unknown> => {
        await wait();
        return Reflect.apply(member, target, args);
      };
    },
  });
}
