import { describe, expect, test } from "vitest";
import { startRun } from "../../lib/flows/start-run.ts";
import type { StartPorts, StartResult } from "../../lib/flows/start-run.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connection, connectionId } from "./support/acme.ts";
import { Died, mortal, runUntilIdle } from "./support/world.ts";

async function start(ports: StartPorts, slot: string): Promise<StartResult> {
  const state = await ports.connections.readResource("acme", connectionId, "orders");
  if (state === null) throw new Error("no state");
  return startRun(ports, { driver: acme, connection, state, mode: null, trigger: "manual", slot });
}

/** The one run of a first start that dies at its n-th effect, or of one that lives; false when it had fewer effects than that. */
async function startAndDie(ports: MemoryPorts, atCall: number, when: "before" | "after"): Promise<boolean> {
  try {
    await start(mortal(ports, { atCall, when }).ports, "first");
    return false;
  } catch (error) {
    if (error instanceof Died) return true;
    throw error;
  }
}

const activeRuns = (ports: MemoryPorts) => ports.runs.all().filter((run) => run.status.kind === "active");

describe.each(["before", "after"] as const)("a start that dies %s an effect", (when) => {
  test.each([1, 2, 3, 4, 5, 6, 7])("the %i-th leaves a later start no second run beside it", async (atCall) => {
    const ports = await connectedPorts(new AcmeServer(3));
    expect(await startAndDie(ports, atCall, when)).toBe(true);
    const result = await start(ports, "second");
    expect(result.kind).not.toBe("refused");
    expect(activeRuns(ports)).toHaveLength(1);
    const state = await ports.connections.readResource("acme", connectionId, "orders");
    expect(state?.activeRunId).toBe(activeRuns(ports)[0]?.runId);
    await runUntilIdle(ports);
    expect(ports.runs.all().map((run) => run.status.kind)).toEqual(["done"]);
  });
});

test("a start dies in no more places than that", async () => {
  expect(await startAndDie(await connectedPorts(new AcmeServer(3)), 8, "before")).toBe(false);
});

test("two starts at once make one run, whichever of them names it", async () => {
  const ports = await connectedPorts(new AcmeServer(3));
  const results = await Promise.all(["one", "two", "three"].map((slot) => start(ports, slot)));
  expect(results.map(({ kind }) => kind).toSorted()).toEqual(["already-running", "already-running", "started"]);
  expect(activeRuns(ports)).toHaveLength(1);
});

test("a start that stood still before it made its run finds it made, by the one that came next", async () => {
  const ports = await connectedPorts(new AcmeServer(3));
  const create = ports.runs.create.bind(ports.runs);
  let next: StartResult | null = null;
  ports.runs.create = async (run) => {
    ports.runs.create = create;
    next = await start(ports, "second");
    return create(run);
  };
  const slow = await start(ports, "first");
  expect([slow.kind, next]).toMatchObject(["already-running", { kind: "started" }]);
  expect(activeRuns(ports)).toHaveLength(1);
});

test("a start that stood still while its run ended makes nobody's run of it, and lets the next one be", async () => {
  const ports = await connectedPorts(new AcmeServer(3));
  const state = await ports.connections.readResource("acme", connectionId, "orders");
  if (state === null) throw new Error("no state");
  const request = { driver: acme, connection, state, mode: null, trigger: "manual", slot: "first" } as const;
  await startRun(ports, request);
  await runUntilIdle(ports);
  const next = await start(ports, "next");
  if (next.kind === "refused") throw new Error(next.reason);
  await startRun(ports, request);
  expect(activeRuns(ports).map(({ runId }) => runId)).toEqual([next.run.runId]);
  expect(await ports.connections.readResource("acme", connectionId, "orders")).toMatchObject({
    activeRunId: next.run.runId,
  });
});

test("a resource that went meanwhile is not imported", async () => {
  const ports = await connectedPorts(new AcmeServer(3));
  const state = await ports.connections.readResource("acme", connectionId, "orders");
  if (state === null) throw new Error("no state");
  const gone = { ...state, connectionId: "another" };
  const result = await startRun(ports, {
    driver: acme,
    connection,
    state: gone,
    mode: null,
    trigger: "manual",
    slot: "first",
  });
  expect(result).toMatchObject({ kind: "refused" });
  expect(ports.runs.all()).toEqual([]);
});
