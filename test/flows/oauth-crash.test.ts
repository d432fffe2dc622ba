import { describe, expect, test } from "vitest";
import type { Ports } from "../../lib/engine/ports.ts";
import { callPartner } from "../../lib/flows/call-partner.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { connectedGamma, gamma, gammaConnection } from "./support/gamma.ts";
import type { GammaServer } from "./support/gamma.ts";
import { Timeline } from "./support/timeline.ts";
import { Died } from "./support/world.ts";

/*
 * 64 functions call a partner through two ends of a token. Of each end, whoever refreshes dies or stalls at one step of
 * it, before or after the step took effect. A stall may be longer than the lease, which no function of ours can be.
 */
const functions = 64;
const ends = 2;
const minuteMs = 60_000;
const callEveryMs = 4 * minuteMs;
const runMs = ends * 52 * minuteMs;
/** Look, look again, note that it begins, send, look, store, release. */
const [stepsOfRefresh, sendStep, storeStep] = [7, 4, 6];

interface Fate {
  readonly kind: "dies" | "stalls";
  readonly when: "before" | "after";
  readonly atStep: number;
  readonly stallMs: number;
}

interface World {
  readonly ports: MemoryPorts;
  readonly server: GammaServer;
  readonly timeline: Timeline;
  readonly fate: Fate;
  /** The rotations that a refresh had before its fate: one is dealt for each end. */
  readonly dealt: Set<number>;
  readonly failures: string[];
  ok: number;
}

/** One function's ports: from its lease on, each effect is a step. */
function portsOf(world: World): Ports {
  const { ports, timeline, fate } = world;
  let [steps, isHolder, dead] = [0, false, false];
  const meet = async (when: Fate["when"], end: number): Promise<void> => {
    if (steps !== fate.atStep || when !== fate.when || world.dealt.has(end)) return;
    world.dealt.add(end);
    if (fate.kind === "stalls") return timeline.sleep(fate.stallMs);
    dead = true;
    throw new Died(when);
  };
  const wrap = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]): Promise<unknown> => {
          if (dead) throw new Died("dead already");
          const end = world.server.rotations;
          if (isHolder) {
            steps += 1;
            await meet("before", end);
            await timeline.sleep(20);
          }
          const result: unknown = await Reflect.apply(member, target, args);
          if (name === "acquire") isHolder = Object.entries(result ?? {}).some(([, value]) => value === "leased");
          if (isHolder && name !== "acquire") await meet("after", end);
          if (name === "release") isHolder = false;
          return result;
        };
      },
    });
  const token = wrap(ports.transport);
  return {
    ...ports,
    clock: timeline,
    credentials: wrap(ports.credentials),
    leases: wrap(ports.leases),
    transport: {
      send: (request) => (request.url.includes("/token") ? token.send(request) : ports.transport.send(request)),
    },
  };
}

async function live(world: World, number: number): Promise<void> {
  const { timeline, ports } = world;
  const untilMs = timeline.nowMs() + runMs;
  await timeline.sleep((number * callEveryMs) / functions);
  while (timeline.nowMs() < untilMs) {
    const connection = (await ports.connections.read("gamma", gammaConnection.connectionId)) ?? gammaConnection;
    if (connection.status !== "active") return;
    const call = {
      driver: gamma,
      connection,
      request: { method: "GET", path: "/orders", query: {}, endpoint: "GET /orders" },
      lane: "imports",
      deadlineMs: timeline.nowMs() + 30_000,
    } as const;
    const result = await callPartner(portsOf(world), call).catch((error: unknown) => {
      if (!(error instanceof Died)) throw error;
      return null;
    });
    if (result?.kind === "ok") world.ok += 1;
    if (result?.kind === "failed") world.failures.push(result.error.code);
    await timeline.sleep(callEveryMs);
  }
}

async function run(fate: Fate, graceMs: number): Promise<World> {
  const { ports, server } = await connectedGamma();
  server.graceMs = graceMs;
  const timeline = new Timeline(ports.clock);
  const world: World = { ports, server, timeline, fate, dealt: new Set(), failures: [], ok: 0 };
  await timeline.run(Array.from({ length: functions }, (_, number) => live(world, number)));
  return world;
}

const fates: readonly Fate[] = Array.from({ length: stepsOfRefresh }, (_, index) => index + 1).flatMap((atStep) =>
  (["before", "after"] as const).flatMap((when) => [
    { kind: "dies", when, atStep, stallMs: 0 } as const,
    { kind: "stalls", when, atStep, stallMs: 50_000 } as const,
    { kind: "stalls", when, atStep, stallMs: 100_000 } as const,
  ]),
);

/** It had the partner's answer, alone, and had not stored it. */
function takesAnswerAlong({ kind, when, atStep }: Fate): boolean {
  const isSent = atStep > sendStep || (atStep === sendStep && when === "after");
  const isStored = atStep > storeStep || (atStep === storeStep && when === "after");
  return kind === "dies" && isSent && !isStored;
}

describe.each([
  ["with a grace period", 10 * minuteMs],
  ["without one", 0],
])("64 functions on one-use refresh tokens %s", (_, graceMs) => {
  test.each(fates)("of which one $kind $when step $atStep ($stallMs ms)", async (fate) => {
    const world = await run(fate, graceMs);
    const { ports, server } = world;
    const stored = (await ports.credentials.read(gammaConnection))?.fields["refreshToken"];
    const connection = await ports.connections.read("gamma", gammaConnection.connectionId);
    if (graceMs === 0 && takesAnswerAlong(fate)) {
      // The answer died with its function, and this partner gives no second one: a person is asked, and nobody hammers.
      expect(connection?.status).toBe("needs-reconnect");
      expect(connection?.statusReason).toContain("its answer got lost");
      expect(server.tokenCalls).toBeLessThanOrEqual(ends + 2);
      return;
    }
    expect(world.failures).toEqual([]);
    expect(connection?.status).toBe("active");
    expect(server.isGood(stored)).toBe(true);
    expect(server.rotations).toBe(ends);
    expect(server.tokenCalls).toBeLessThanOrEqual(2 * ends);
    expect(world.ok).toBeGreaterThan(functions * 20);
  });
});

test("every step of a refresh is one at which a function can die", async () => {
  const met = await Promise.all(
    [1, stepsOfRefresh].map((atStep) => run({ kind: "dies", when: "before", atStep, stallMs: 0 }, 0)),
  );
  expect(met.map(({ dealt }) => dealt.size > 0)).toEqual([true, true]);
});
