import { describe, expect, test } from "vitest";
import { changed } from "../../../lib/engine/control.ts";
import { changeControl } from "../../../lib/flows/change-control.ts";
import { connection, connectionId } from "../support/acme.ts";
import { dyingControl, HeldWorld, webhookJob } from "../support/held-world.ts";
import type { Death } from "../support/world.ts";

const minuteMs = 60_000;

/** An outage that opens the breaker, a probe that fails, one that passes, and jobs parked for a connection that comes back. */
async function story(death: Death): Promise<HeldWorld> {
  const world = await HeldWorld.open(30);
  const control = dyingControl(world, death);
  await world.run(2 * minuteMs, control);
  world.weather = "down";
  for (let index = 0; index < 25; index++)
    await world.ports.lanes.send(webhookJob(`webhook-${index}`, [`order-${index}`], world.ports.clock.nowMs()), 0);
  await world.run(4 * minuteMs, control);
  world.weather = "well";
  for (const index of [26, 27, 28]) world.server.orders.set(`order-${index}`, 1_000 + index);
  const parking = { connectionId, reason: "connection-paused", untilMs: world.ports.clock.nowMs() };
  for (const index of [26, 27, 28])
    await world.ports.parked.park(
      webhookJob(`parked-${index}`, [`order-${index}`], world.ports.clock.nowMs()),
      parking,
    );
  await world.run(8 * minuteMs, control);
  await world.run(60 * minuteMs);
  return world;
}

async function expectWhole(world: HeldWorld): Promise<void> {
  const control = await world.ports.control.read("acme", null);
  // Not off for good: closed, polled, and nothing left that waits.
  expect(control.breaker.kind).toBe("closed");
  expect([world.mappings.state("webhooks"), world.mappings.state("imports")]).toEqual(["enabled", "enabled"]);
  expect(world.ports.parked.all()).toEqual([]);
  expect(world.ports.lanes.givenUp).toEqual([]);
  const amounts = new Map(world.ports.records.all().map(({ externalId, data }) => [externalId, data.amount]));
  expect(amounts).toEqual(new Map([...world.server.orders].map(([id, amount]) => [id, String(amount)])));
  // Not hammered: what reached Acme while it was down is what opened the breaker, and a few probes.
  const down = world.arrivals.filter(({ weather }) => weather === "down");
  expect(down.length).toBeLessThanOrEqual(40);
}

describe("partner-control that dies", async () => {
  const whole = await story({ atCall: Number.POSITIVE_INFINITY, when: "before" });
  test("has somewhere to die, and does its work when it does not", async () => {
    expect(whole.calls).toBeGreaterThan(60);
    await expectWhole(whole);
  });
  const deaths = Array.from({ length: whole.calls }, (_, index) => index + 1);

  describe.each(["before", "after"] as const)("%s an effect", (when) => {
    test.each(deaths)("the %i-th leaves a partner neither off for good nor hammered", async (atCall) => {
      const world = await story({ atCall, when });
      expect(world.died).toBe(true);
      await expectWhole(world);
    });
  });
});

test("two invocations at once probe once, and agree", async () => {
  const world = await HeldWorld.open();
  const untilMs = world.ports.clock.nowMs();
  await changeControl(world.ports, { partner: "acme", connectionId: null }, (control) =>
    changed(control, { breaker: { kind: "open", opened: 3, sinceMs: untilMs - 1, untilMs } }),
  );
  const control = dyingControl(world, { atCall: Number.POSITIVE_INFINITY, when: "before" });
  await Promise.all([control(world.ports, world.mappings), control(world.ports, world.mappings)]);
  expect(world.arrivals).toHaveLength(1);
  expect((await world.ports.control.read(connection.partner, null)).breaker).toMatchObject({ kind: "closed" });
});
