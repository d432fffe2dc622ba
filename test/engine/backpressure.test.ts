import { assert, integer, property } from "fast-check";
import { describe, expect, test } from "vitest";
import { depthOf, laneBoundsOf, pressureOf } from "../../lib/engine/backpressure.ts";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import { concurrency, slidingWindow } from "../../lib/engine/gate/limit-declarations.ts";
import { acme } from "../flows/support/acme.ts";

const minuteMs = 60_000;
function driverWith(
  limits: PartnerDriver["limits"],
  everyMs: readonly number[] = [],
): Pick<PartnerDriver, "limits" | "resources"> {
  const { orders } = acme.resources;
  if (orders === undefined) throw new Error("acme has orders");
  const resources = everyMs.map((each, index) => [`r${index}`, { ...orders, everyMs: each }] as const);
  return { limits, resources: Object.fromEntries(resources) };
}

const perMinute = (requests: number, share: number) =>
  slidingWindow({ per: "account", requests, perMs: minuteMs, share });

describe("a lane's bounds", () => {
  test("are what the slowest limit lets through in five minutes, of the share that is used", () => {
    const limits = [slidingWindow({ per: "account", requests: 100, perMs: 1_000 }), perMinute(120, 0.5)];
    expect(laneBoundsOf(driverWith(limits)).depthMax).toBe(120 * 0.5 * 5);
  });

  test("are our own workers' where a partner has no rate", () => {
    expect(laneBoundsOf(driverWith([])).depthMax).toBe(2_000);
    expect(laneBoundsOf(driverWith([concurrency({ per: "account", calls: 2 })])).depthMax).toBe(2_000);
    expect(laneBoundsOf(driverWith([slidingWindow({ per: "app", requests: 1, perMs: 3_600_000 })])).depthMax).toBe(50);
  });

  test("in time are the shortest interval between imports, within reason", () => {
    expect(laneBoundsOf(driverWith([], [30 * minuteMs, 15 * minuteMs])).ageMsMax).toBe(15 * minuteMs);
    expect(laneBoundsOf(driverWith([], [minuteMs])).ageMsMax).toBe(5 * minuteMs);
    expect(laneBoundsOf(driverWith([], [1_440 * minuteMs])).ageMsMax).toBe(60 * minuteMs);
    expect(laneBoundsOf(driverWith([])).ageMsMax).toBe(60 * minuteMs);
  });
});

describe("a lane's depth", () => {
  const lane = { waiting: 3, inFlight: 2, delayed: 40 };
  const depthWith = (...limits: PartnerDriver["limits"]) => depthOf(lane, laneBoundsOf(driverWith(limits)));

  test("leaves out what waits for a limit of its own account, and counts it where all accounts share one", () => {
    expect(depthWith(perMinute(60, 1))).toBe(5);
    expect(depthWith(perMinute(60, 1), slidingWindow({ per: "app", requests: 9, perMs: 1_000 }))).toBe(45);
  });
});

describe("pressure", () => {
  const bounds = { depthMax: 300, ageMsMax: 10 * minuteMs, delayedCount: false };

  test.each([
    [{ depth: 299, ageMs: null }, "free"],
    [{ depth: 300, ageMs: null }, "few"],
    [{ depth: 599, ageMs: 0 }, "few"],
    [{ depth: 600, ageMs: 0 }, "none"],
    [{ depth: 11, ageMs: 10 * minuteMs - 1 }, "free"],
    [{ depth: 11, ageMs: 10 * minuteMs }, "few"],
    [{ depth: 11, ageMs: 1_000 * minuteMs }, "few"],
    [{ depth: 10, ageMs: 1_000 * minuteMs }, "free"],
    [{ depth: 600, ageMs: 1_000 * minuteMs }, "none"],
  ] as const)("of %j is %s", (load, kind) => expect(pressureOf(load, bounds).kind).toBe(kind));

  test("says which bound was passed, in numbers", () => {
    expect(JSON.stringify(pressureOf({ depth: 412, ageMs: 0 }, bounds))).toMatch(/412.* 300/);
    expect(JSON.stringify(pressureOf({ depth: 99, ageMs: 13 * minuteMs }, bounds))).toMatch(/13 minutes.* 10/);
  });

  test("never eases as a lane fills", () => {
    const order = ["free", "few", "none"];
    const depth = integer({ min: 0, max: 2_000 });
    const ageMs = integer({ min: 0, max: 60 * minuteMs });
    assert(
      property(depth, ageMs, depth, ageMs, (someDepth, someAgeMs, moreDepth, moreAgeMs) => {
        const less = pressureOf({ depth: someDepth, ageMs: someAgeMs }, bounds);
        const more = pressureOf({ depth: someDepth + moreDepth, ageMs: someAgeMs + moreAgeMs }, bounds);
        return order.indexOf(less.kind) <= order.indexOf(more.kind);
      }),
    );
  });
});
