import { describe, expect, test } from "vitest";
import { statusOf } from "../../../lib/engine/subscription.ts";
import { changeConnection } from "../../../lib/flows/connections/change-connection.ts";
import { lookAtConnections, ownMinuteOf } from "../../../lib/flows/subscriptions/look-at-connections.ts";
import { jsonAnswer } from "../../support/memory-ports.ts";
import { acme } from "../support/acme.ts";
import { hookEvents } from "../support/hooks.ts";
import { actor, deliver, driverWith, hookWorld, stored, wish, work } from "./support.ts";
import type { HookWorld } from "./support.ts";

const dayMs = 86_400_000;

/** Once an hour, in the partner's own minute. */
async function lookHourly({ ports, driver }: HookWorld): Promise<void> {
  const minuteMs = 60_000;
  const minute = Math.floor(ports.clock.nowMs() / minuteMs) % 60;
  ports.clock.advance(((ownMinuteOf("acme") - minute + 60) % 60) * minuteMs);
  await lookAtConnections(ports, driver);
}

async function subscribedWorld(...kind: Parameters<typeof driverWith>): Promise<HookWorld> {
  const world = await hookWorld(driverWith(...kind));
  await wish(world);
  await work(world);
  return world;
}

describe.each(["returned", "chosen"] as const)("a secret that is %s", (secret) => {
  test("is stored together with the partner's id, and what is signed with it is taken", async () => {
    const world = await hookWorld(driverWith(secret));
    expect(statusOf((await wish(world))?.subscription)).toBe("registering");
    expect(await deliver(world)).toEqual([]);
    await wish(world);
    await work(world);
    const { subscription, sealedWebhookSecret } = await stored(world);
    expect(subscription).toMatchObject({ id: "hook-1", url: world.url, wanted: true });
    expect([statusOf(subscription), sealedWebhookSecret === null]).toEqual(["subscribed", false]);
    expect(world.hooks.hooks).toMatchObject([{ id: "hook-1", url: world.url, events: hookEvents }]);
    expect(await deliver(world)).toEqual([202]);
    // Neither the item, nor a message, nor a line of the log holds it.
    const kept = JSON.stringify([
      await stored(world),
      world.ports.lanes.sent,
      world.ports.log.lines,
      world.ports.audit,
    ]);
    for (const each of world.hooks.secretsOf(world.url)) expect(kept).not.toContain(each);
  });

  test("asked for again, nothing is made and nothing is changed", async () => {
    const world = await subscribedWorld(secret);
    const before = await stored(world);
    world.hooks.calls.length = 0;
    await wish(world);
    await wish(world);
    await work(world);
    expect(new Set(world.hooks.calls)).toEqual(new Set(["GET /v1/hooks"]));
    const { subscription, sealedWebhookSecret } = await stored(world);
    expect([subscription?.id, sealedWebhookSecret]).toEqual(["hook-1", before.sealedWebhookSecret]);
    expect(statusOf(subscription)).toBe("subscribed");
  });

  test("an answer to the create that got lost leaves one registration, whose secret is known", async () => {
    const world = await hookWorld(driverWith(secret));
    // The list is answered, the create is done and not answered.
    world.instead.push(jsonAnswer(200, { items: [], next: null }), "lost-after");
    await wish(world);
    await work(world);
    expect(world.hooks.made).toBe(2);
    expect(world.hooks.hooks.map(({ id }) => id)).toEqual(["hook-2"]);
    expect((await stored(world)).subscription?.id).toBe("hook-2");
    expect(await deliver(world)).toEqual([202]);
  });
});

describe("what is registered already", () => {
  test("for the same address by others is replaced, for other addresses it is left alone", async () => {
    const world = await hookWorld();
    const other = { events: ["x"], active: true, endsAtMs: null, secret: "theirs" };
    for (const [index, url] of [world.url, "https://elsewhere.example", world.url, `${world.url}/`].entries())
      world.hooks.hooks.push({ ...other, id: `other-${index}`, url });
    await wish(world);
    await work(world);
    expect(world.hooks.hooks.map(({ id }) => id)).toEqual(["other-1", "other-3", "hook-1"]);
    expect(await deliver(world)).toEqual([202]);
  });

  test("is put right where the partner switched it off or the events are others, and keeps its secret", async () => {
    for (const damage of [{ active: false }, { events: ["order.changed"] }]) {
      const world = await subscribedWorld();
      const [hook] = world.hooks.hooks;
      if (hook === undefined) throw new Error("nothing is registered");
      world.hooks.hooks[0] = { ...hook, ...damage };
      await wish(world);
      await work(world);
      expect(world.hooks.hooks).toEqual([hook]);
      expect(await deliver(world)).toEqual([202]);
    }
  });

  test("is made anew where the partner knows no change", async () => {
    const world = await subscribedWorld("returned", false);
    const [hook] = world.hooks.hooks;
    if (hook === undefined) throw new Error("nothing is registered");
    world.hooks.hooks[0] = { ...hook, active: false };
    await wish(world);
    await work(world);
    expect(world.hooks.hooks.map(({ id, active }) => [id, active])).toEqual([["hook-2", true]]);
    expect(await deliver(world)).toEqual([202]);
  });

  test("goes when the connection is to be reached at another address", async () => {
    const world = await subscribedWorld();
    const moved = { ...world, url: `https://other.example/webhooks/acme/${world.connection.connectionId}` };
    await wish(moved);
    expect(statusOf((await stored(world)).subscription)).toBe("registering");
    await work(moved);
    expect(world.hooks.hooks.map(({ url }) => url)).toEqual([moved.url]);
    expect(await deliver(moved)).toEqual([202]);
  });
});

describe.each(["returned", "chosen"] as const)("a secret that is %s, and another one set by hand", (secret) => {
  test.each(["set-by-hand", null])("%s: the registration is made anew, and what is signed is taken", async (byHand) => {
    const world = await subscribedWorld(secret);
    await changeConnection(world.ports, world.driver, world.connection, { webhookSecret: byHand }, actor);
    expect(statusOf((await stored(world)).subscription)).toBe("registering");
    await lookHourly(world);
    await work(world);
    expect(statusOf((await stored(world)).subscription)).toBe("subscribed");
    expect(await deliver(world)).toEqual([202]);
  });

  test.each([
    ["a look", "GET", {}],
    ["a renewal", "PUT", { active: false }],
    ["a create", "POST", { url: "https://elsewhere.example" }],
  ])("in the middle of %s, it is made anew as well", async (_what, method, damage) => {
    const world = await subscribedWorld(secret);
    const [hook] = world.hooks.hooks;
    if (hook === undefined) throw new Error("nothing is registered");
    world.hooks.hooks[0] = { ...hook, ...damage };
    let isSet = false;
    world.ports.transport.respond(async (request) => {
      const answer = world.hooks.answer(request, world.ports.clock.nowMs());
      if (!isSet && request.method === method) {
        isSet = true;
        await changeConnection(world.ports, world.driver, world.connection, { webhookSecret: "set-by-hand" }, actor);
      }
      return answer;
    });
    await wish(world);
    await work(world);
    await lookHourly(world);
    await work(world);
    expect([isSet, statusOf((await stored(world)).subscription)]).toEqual([true, "subscribed"]);
    expect(await deliver(world)).toEqual([202]);
  });
});

describe("by itself", () => {
  test("it is renewed before it ends, again and again", async () => {
    const world = await hookWorld();
    world.hooks.lifeMs = 7 * dayMs;
    await wish(world);
    await work(world);
    for (let hours = 0; hours < 21 * 24; hours++) {
      await lookHourly(world);
      await work(world);
      const [hook] = world.hooks.hooks;
      expect((hook?.endsAtMs ?? 0) - world.ports.clock.nowMs()).toBeGreaterThan(2 * dayMs);
      world.ports.clock.advance(60_000);
    }
    expect(world.hooks.made).toBe(1);
    // Every 4⅔ days, and not at every look.
    expect(world.hooks.calls.filter((call) => call.startsWith("PUT")).length).toBeLessThan(6);
    expect(await deliver(world)).toEqual([202]);
  });

  test("what somebody deletes at the partner is made again within a week", async () => {
    const world = await subscribedWorld();
    world.hooks.hooks.length = 0;
    world.ports.clock.advance(7 * dayMs);
    await lookHourly(world);
    await work(world);
    expect(await deliver(world)).toEqual([202]);
  });

  test("a wish whose job got lost is fulfilled within the hour or two", async () => {
    const world = await hookWorld();
    await wish(world);
    world.ports.lanes.messages.length = 0;
    world.ports.clock.advance(3_600_000);
    await lookHourly(world);
    await work(world);
    expect(await deliver(world)).toEqual([202]);
  });

  test("nothing is asked where the driver registers webhooks no more", async () => {
    const world = await subscribedWorld();
    world.ports.clock.advance(7 * dayMs);
    const { webhook, ...driver } = world.driver;
    await lookHourly({ ...world, driver });
    expect([webhook === undefined, world.ports.lanes.messages]).toEqual([false, []]);
    expect(await world.ports.connections.dueLooks("acme", world.ports.clock.nowMs() + dayMs / 2, 10)).toEqual([]);
  });

  test("nothing is asked for a connection that is paused; active again, its job goes on", async () => {
    const world = await hookWorld();
    await changeConnection(world.ports, acme, world.connection, { status: "paused" }, actor);
    await wish(world);
    await work(world);
    world.ports.clock.advance(7_200_000);
    await lookHourly(world);
    expect([world.hooks.calls, world.ports.lanes.messages]).toEqual([[], []]);
    // Nor does it take the turn of others, hour by hour.
    expect(await world.ports.connections.dueLooks("acme", world.ports.clock.nowMs() + dayMs / 2, 10)).toEqual([]);
    expect(await world.ports.parked.count("acme", world.connection.connectionId)).toBe(1);
    await changeConnection(world.ports, acme, world.connection, { status: "active" }, actor);
    world.ports.clock.advance(dayMs);
    await lookHourly(world);
    await work(world);
    expect(world.hooks.made).toBe(1);
  });
});

test("a connection that is served by the app's own address from now on has none of its own any more", async () => {
  const driver = driverWith();
  const { webhook } = driver;
  if (webhook?.subscriptions === undefined) throw new Error("it registers webhooks");
  const serves = ({ settings }: { settings: Readonly<Record<string, string>> }) => settings["shared"] === undefined;
  const world = await hookWorld({
    ...driver,
    webhook: { ...webhook, subscriptions: { ...webhook.subscriptions, serves } },
  });
  await wish(world);
  await work(world);
  expect(world.hooks.hooks).toHaveLength(1);
  await changeConnection(world.ports, world.driver, world.connection, { settings: { shared: "yes" } }, actor);
  world.ports.clock.advance(7 * dayMs);
  await lookHourly(world);
  await work(world);
  expect([world.hooks.hooks, (await stored(world)).subscription]).toEqual([[], undefined]);
});

test("what will not come right by itself is shown, given up, and looked at again a day later", async () => {
  const world = await hookWorld();
  world.instead.push(jsonAnswer(400, { error: "at most 16" }));
  await wish(world);
  await work(world);
  const { subscription } = await stored(world);
  expect([statusOf(subscription), subscription?.error?.code]).toEqual(["failing", "http-400"]);
  expect(world.ports.lanes.givenUp).toMatchObject([{ why: { place: "webhooks registration", code: "http-400" } }]);
  world.ports.clock.advance(7_200_000);
  await lookHourly(world);
  expect(world.ports.lanes.messages).toEqual([]);
  world.ports.clock.advance(dayMs);
  await lookHourly(world);
  await work(world);
  expect(statusOf((await stored(world)).subscription)).toBe("subscribed");
});

test("an answer of another shape is a failure that names the field", async () => {
  const world = await hookWorld();
  world.instead.push(jsonAnswer(200, { items: [{ id: 7 }], next: null }));
  await wish(world);
  await work(world);
  expect(world.ports.lanes.givenUp).toMatchObject([{ why: { kind: "data", code: "bad-subscription-answer" } }]);
});
