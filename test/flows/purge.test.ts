import { describe, expect, test } from "vitest";
import { atRest, changed } from "../../lib/engine/control.ts";
import type { Job } from "../../lib/engine/job.ts";
import { withPurge } from "../../lib/engine/purge.ts";
import { consumeJob } from "../../lib/flows/consume-job.ts";
import { makeFailure } from "./api/support/seed.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { webhookJob } from "../support/port-values.ts";
import { AcmeServer, connectedPorts, connectionId } from "./support/acme.ts";

const owner = { partner: "acme", connectionId };
const scope = { ...owner, resource: "orders" };

function touching(id: string, changes: Partial<Job> = {}): Job {
  const body = { kind: "text", text: JSON.stringify({ touched: ["order-1"] }) } as const;
  const work = { kind: "webhook", receivedAtMs: 0, contentType: "application/json", body } as const;
  return webhookJob(owner, { id, work, ...changes });
}

/** Ports a minute after which everything of these resources was purged. */
async function purgedPorts(resources: readonly string[] | null): Promise<MemoryPorts> {
  const ports = await connectedPorts(new AcmeServer(3));
  ports.clock.advance(60_000);
  const staleBefore = withPurge([], resources, ports.clock.nowMs());
  await ports.control.compareAndSet(changed(atRest("acme", null), { staleBefore }));
  return ports;
}

const consume = async (ports: MemoryPorts, job: Job): Promise<void> =>
  consumeJob(ports, job, { workerId: "w", deadlineMs: ports.clock.nowMs() + 10_000 });

describe("after a purge", () => {
  test("an older webhook is skipped under a metric of its own, and a newer one is worked", async () => {
    const ports = await purgedPorts(null);
    await consume(ports, touching("old"));
    expect(ports.transport.requests).toEqual([]);
    expect([ports.metrics.total("JobsPurged", "webhook"), ports.metrics.total("JobsStale")]).toEqual([1, 0]);
    await consume(ports, touching("new", { createdAtMs: ports.clock.nowMs() }));
    expect(await ports.records.read(scope, "order-1")).toMatchObject({ version: 1 });
    expect(ports.metrics.total("JobsPurged")).toBe(1);
  });

  test("a replay that was skipped opens its failure again", async () => {
    const ports = await purgedPorts(null);
    const failure = makeFailure("f-1", { connectionId });
    await ports.failures.record(failure);
    await ports.failures.move(failure, ["open"], "replaying", ports.clock.nowMs());
    await consume(ports, touching("old", { replayOf: "f-1" }));
    expect(await ports.failures.read("acme", connectionId, "f-1")).toMatchObject({ status: "open" });
  });

  test("of one resource an older webhook leaves out what it touches there, and is done", async () => {
    const ports = await purgedPorts(["orders"]);
    await consume(ports, touching("old"));
    expect(ports.transport.requests).toEqual([]);
    expect([ports.metrics.total("TouchesPurged"), ports.metrics.total("WebhooksIgnored")]).toEqual([1, 0]);
    expect([ports.lanes.sent, ports.lanes.givenUp]).toEqual([[], []]);
  });

  test("of another resource an older webhook is worked", async () => {
    const ports = await purgedPorts(["guests"]);
    await consume(ports, touching("old"));
    expect(await ports.records.read(scope, "order-1")).toMatchObject({ version: 1 });
  });

  test("a run's nudge is worked however old", async () => {
    const ports = await purgedPorts(null);
    const work = { kind: "push", runId: "orders-none", sequence: 0, nudgeId: "n" } as const;
    await consume(ports, webhookJob(owner, { lane: "imports", work }));
    expect([ports.metrics.total("JobsPurged"), ports.metrics.total("JobsDone", "push")]).toEqual([0, 1]);
  });
});
