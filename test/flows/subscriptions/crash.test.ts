import { describe, expect, test } from "vitest";
import { statusOf } from "../../../lib/engine/subscription.ts";
import { removeConnection } from "../../../lib/flows/connections/remove-connection.ts";
import { lookAtConnections, ownMinuteOf } from "../../../lib/flows/subscriptions/look-at-connections.ts";
import { wishSubscription } from "../../../lib/flows/subscriptions/wish-subscription.ts";
import { jsonAnswer } from "../../support/memory-ports.ts";
import { everyDeath, interrupt } from "../connections/support/interrupt.ts";
import { actor, deliver, driverWith, hookWorld, stored, wish, work } from "./support.ts";
import type { HookWorld } from "./support.ts";

/** Whoever asks, registers, renews or removes dies at every single effect; in the end there is one registration, or none. */

async function lookForADay({ ports, driver }: HookWorld): Promise<void> {
  for (let hour = 0; hour < 25; hour++) {
    const minute = Math.floor(ports.clock.nowMs() / 60_000) % 60;
    ports.clock.advance(((ownMinuteOf("acme") - minute + 59) % 60) * 60_000 + 60_000);
    await lookAtConnections(ports, driver);
  }
}

describe.each([
  ["returned", true],
  ["returned", false],
  ["chosen", true],
] as const)("a secret that is %s, a partner that renews: %s", (secret, renews) => {
  const open = () => hookWorld(driverWith(secret, renews));

  describe("registering", async () => {
    const whole = await open();
    await wish(whole);
    const calls = await work(whole);

    test("has somewhere to die", () => expect(calls).toBeGreaterThan(8));

    test.each(everyDeath(calls))("dying $when effect $atCall", async (death) => {
      const world = await open();
      await wish(world);
      await work(world, death);
      expect(world.hooks.hooks).toHaveLength(1);
      expect(statusOf((await stored(world)).subscription)).toBe("subscribed");
      expect((await stored(world)).subscription?.id).toBe(world.hooks.hooks[0]?.id);
      expect(await deliver(world)).toEqual([202]);
    });
  });

  describe("putting right what the partner switched off", async () => {
    const switchedOff = async () => {
      const world = await open();
      await wish(world);
      await work(world);
      const [hook] = world.hooks.hooks;
      if (hook === undefined) throw new Error("nothing is registered");
      world.hooks.hooks[0] = { ...hook, active: false };
      await wish(world);
      return world;
    };
    const calls = await work(await switchedOff());

    test.each(everyDeath(calls))("dying $when effect $atCall", async (death) => {
      const world = await switchedOff();
      await work(world, death);
      expect(world.hooks.hooks).toHaveLength(1);
      expect(await deliver(world)).toEqual([202]);
    });
  });
});

describe("asking for it", async () => {
  const { calls } = await interruptedWish(await hookWorld(), null);

  test.each(everyDeath(calls))(
    "dying $when effect $atCall, it is done by itself or was never asked for",
    async (death) => {
      const world = await hookWorld();
      await interruptedWish(world, death);
      await lookForADay(world);
      await work(world);
      const wished = (await stored(world)).subscription !== undefined;
      expect(world.hooks.hooks).toHaveLength(wished ? 1 : 0);
      expect(await deliver(world)).toEqual(wished ? [202] : []);
    },
  );
});

function interruptedWish(world: HookWorld, death: Parameters<typeof interrupt>[1]) {
  return interrupt(world.ports, death, (ports) => wishSubscription(ports, world.connection, world.url, actor));
}

describe("removing the connection", async () => {
  const registered = async () => {
    const world = await hookWorld();
    await wish(world);
    await work(world);
    return world;
  };
  const removeOnce = async (world: HookWorld, ports: Parameters<typeof removeConnection>[0] = world.ports) => {
    const connection = await world.ports.connections.read("acme", world.connection.connectionId);
    return connection === null ? null : removeConnection(ports, world.driver, connection, actor);
  };
  const askUntilGone = async (world: HookWorld) => {
    for (let asked = 0; asked < 20; asked++) {
      const removal = await removeOnce(world);
      if (removal === null || removal.kind === "removed") return;
      await work(world);
      world.ports.clock.advance(5_000);
    }
    throw new Error("it is not gone");
  };
  const whole = await registered();
  const { calls } = await interrupt(whole.ports, null, (ports) => removeOnce(whole, ports));

  test("tells the partner first", async () => {
    const world = await registered();
    expect(await removeOnce(world)).toMatchObject({ kind: "unfinished", why: "webhooks-registered" });
    await work(world);
    expect(world.hooks.hooks).toEqual([]);
    expect(await removeOnce(world)).toEqual({ kind: "removed" });
  });

  test.each(everyDeath(calls))("whoever asks dies $when effect $atCall", async (death) => {
    const world = await registered();
    await interrupt(world.ports, death, (ports) => removeOnce(world, ports));
    await work(world);
    await askUntilGone(world);
    expect(world.hooks.hooks).toEqual([]);
  });

  test.each(everyDeath(8))("whoever tells the partner dies $when effect $atCall", async (death) => {
    const world = await registered();
    await removeOnce(world);
    await work(world, death);
    await askUntilGone(world);
    expect(world.hooks.hooks).toEqual([]);
  });

  test("waits a minute for a partner that does not answer, and no longer", async () => {
    const world = await registered();
    world.instead.push(...Array.from({ length: 50 }, () => jsonAnswer(500, {})));
    await removeOnce(world);
    for (const job of world.ports.lanes.take("webhooks", world.ports.clock.nowMs()))
      expect(job.work.kind).toBe("subscription");
    world.ports.clock.advance(59_000);
    expect(await removeOnce(world)).toMatchObject({ kind: "unfinished" });
    world.ports.clock.advance(1_000);
    expect(await removeOnce(world)).toEqual({ kind: "removed" });
    // What is still on the lane finds nothing to do, and what the partner still sends is answered 404.
    await work(world);
    expect(world.ports.lanes.givenUp).toEqual([]);
    expect(await deliver(world)).toEqual([404]);
  });

  test("goes on at once where the credential is refused, and says what is left", async () => {
    const world = await registered();
    world.instead.push(...Array.from({ length: 5 }, () => jsonAnswer(401, {})));
    await removeOnce(world);
    await work(world);
    expect(await removeOnce(world)).toEqual({ kind: "removed" });
    expect(world.ports.metrics.total("WebhooksLeftRegistered")).toBe(1);
  });
});
