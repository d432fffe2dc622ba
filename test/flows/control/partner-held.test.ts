import { describe, expect, test } from "vitest";
import { changed } from "../../../lib/engine/control.ts";
import { changeControl } from "../../../lib/flows/change-control.ts";
import { connectionId } from "../support/acme.ts";
import { HeldWorld, webhookJob } from "../support/held-world.ts";

const minuteMs = 60_000;
const whole = { partner: "acme", connectionId: null };

async function pause(world: HeldWorld, on: boolean): Promise<void> {
  const wish = { sinceMs: world.ports.clock.nowMs(), by: "ada", reason: "their maintenance" };
  await changeControl(world.ports, whole, (control) => changed(control, { pause: on ? wish : null }));
}

async function sendWebhooks(world: HeldWorld, count: number, from = 0): Promise<void> {
  const nowMs = world.ports.clock.nowMs();
  for (let index = from; index < from + count; index++)
    await world.ports.lanes.send(webhookJob(`webhook-${index}`, [`order-${index % 25}`], nowMs), 0);
}

function recordsOf(world: HeldWorld): number {
  return world.ports.records.all().filter((record) => !record.deleted).length;
}

async function settled(world: HeldWorld): Promise<void> {
  const state = await world.ports.connections.readResource("acme", connectionId, "orders");
  expect(state).toMatchObject({ activeRunId: null, lastError: null });
  expect(world.ports.lanes.givenUp).toEqual([]);
  expect(world.ports.parked.all()).toEqual([]);
}

describe("a partner that answers 500", () => {
  test("is called no more but for probes; its lanes stop, hold what comes, and go on with nothing lost", async () => {
    const world = await HeldWorld.open();
    await world.run(3 * minuteMs);
    expect(recordsOf(world)).toBe(25);
    world.weather = "down";
    world.server.orders.set("order-3", 777);
    await sendWebhooks(world, 40);
    await world.run(5 * minuteMs);
    const control = await world.ports.control.read("acme", null);
    expect(control.breaker.kind).not.toBe("closed");
    expect(world.mappings.state("webhooks")).toBe("disabled");
    expect(world.mappings.state("imports")).toBe("disabled");
    const heldFrom = world.arrivals.length;
    const consumed = world.ports.lanes.messages.length;
    await sendWebhooks(world, 200, 100);
    await world.run(30 * minuteMs);
    // Nothing of what came is taken, and in half an hour Acme hears a probe now and then.
    expect(world.ports.lanes.messages.length).toBe(consumed + 200);
    expect(world.arrivals.length - heldFrom).toBeLessThanOrEqual(8);
    expect(world.arrivals.length - heldFrom).toBeGreaterThanOrEqual(1);
    world.weather = "well";
    await world.run(45 * minuteMs);
    expect((await world.ports.control.read("acme", null)).breaker.kind).toBe("closed");
    expect(world.mappings.state("webhooks")).toBe("enabled");
    expect(world.ports.records.all().find(({ externalId }) => externalId === "order-3")?.data.amount).toBe("777");
    await settled(world);
    expect(world.ports.metrics.total("JobsGivenUp")).toBe(0);
  });
});

describe("a paused partner", () => {
  test("is not called at all, starts nothing, burns no attempt, and catches up", async () => {
    const world = await HeldWorld.open();
    await pause(world, true);
    await sendWebhooks(world, 30);
    await world.run(26 * 60 * minuteMs);
    expect(world.arrivals).toEqual([]);
    expect(world.ports.runs.all()).toEqual([]);
    expect(world.ports.lanes.messages.every(({ job }) => job.attempts === 0)).toBe(true);
    await pause(world, false);
    await world.run(10 * minuteMs);
    expect(recordsOf(world)).toBe(25);
    await settled(world);
  });

  test("in the middle of an import, goes on where it was", async () => {
    const world = await HeldWorld.open(400);
    world.onCall = async (url) => {
      if (url.includes("page=7")) await pause(world, true);
    };
    await world.run(15 * 60 * minuteMs);
    const [run, ...others] = world.ports.runs.all();
    expect(others).toEqual([]);
    expect(run).toMatchObject({ attempts: 0, looks: 0, status: { kind: "active", waiting: "paused" } });
    expect([world.arrivals.length, recordsOf(world)]).toEqual([8, 80]);
    world.onCall = async () => undefined;
    await pause(world, false);
    await world.run(60 * minuteMs);
    expect(recordsOf(world)).toBe(400);
    await settled(world);
  });
});

test("a deployment that switches a mapping on again is put right within a minute", async () => {
  const world = await HeldWorld.open();
  await pause(world, true);
  await world.run(3 * minuteMs);
  expect(world.mappings.state("webhooks")).toBe("disabled");
  world.mappings.deploy(true);
  await world.run(2 * minuteMs);
  expect(world.mappings.state("webhooks")).toBe("disabled");
  expect(world.arrivals).toEqual([]);
  expect(world.amiss).toEqual([]);
});

test("mappings that somebody else keeps changing are a metric and an alarm", async () => {
  const world = await HeldWorld.open();
  await pause(world, true);
  world.mappings.changeMs = 0;
  for (let minute = 0; minute < 6; minute++) {
    await world.run(minuteMs);
    world.mappings.deploy(true);
  }
  expect(world.amiss.join()).toContain("webhooks is enabled");
  expect(world.ports.metrics.total("MappingsDisagree")).toBeGreaterThan(0);
});

describe("canaries", () => {
  test("are noted, cost a write a minute and lane, and say how old a lane is", async () => {
    const world = await HeldWorld.open(0);
    await world.run(10 * minuteMs);
    const writes = world.ports.control.writes;
    await world.run(10 * minuteMs);
    expect(world.ports.control.writes - writes).toBe(20);
    expect(world.amiss).toEqual([]);
  });

  test("that nobody consumes while their lane should run are missed, and said so", async () => {
    const world = await HeldWorld.open(0);
    await world.run(5 * minuteMs);
    world.mappings.polls = () => false;
    await world.run(4 * minuteMs);
    expect(world.amiss.join()).toMatch(/nothing has consumed a canary of its webhooks lane for \d+ s/);
    expect(world.ports.metrics.total("CanariesMissed")).toBeGreaterThanOrEqual(2);
  });
});

test.each([
  [5.9, []],
  [6.5, ["it has been held for days, and its lanes forget their oldest messages in 12 h"]],
  [7.1, [expect.stringMatching(/^it has been held for days, and its lanes forget messages since 20\d\d-/)]],
  [30, [expect.stringMatching(/^it has been held for days, and its lanes forget messages since 20\d\d-/)]],
])("a partner that has been paused for %d days says in time what its lanes forget", async (days, said) => {
  const world = await HeldWorld.open();
  await pause(world, true);
  await world.run(3 * minuteMs);
  expect(world.amiss).toEqual([]);
  world.ports.clock.advance(days * 24 * 60 * minuteMs);
  await world.run(minuteMs);
  expect([...new Set(world.amiss)]).toEqual(said);
});
