import { describe, expect, test } from "vitest";
import { startMs } from "../../support/memory/clock.ts";
import { slidingScope } from "./support/scopes.ts";
import { VirtualWorld } from "./support/virtual-world.ts";

const minuteMs = 60_000;
const threeTiers = [slidingScope(15, 1_000), slidingScope(120, minuteMs), slidingScope(5_000, 60 * minuteMs)];

describe("saturated use is at least 99 % of what the uncertainty allows", () => {
  test.each([
    ["10/s and 100/min", [slidingScope(10, 1_000), slidingScope(100, minuteMs)], 20, [1, 10]],
    ["25/s", [slidingScope(25, 1_000)], 4, [1, 10]],
    ["3/s", [slidingScope(3, 1_000)], 20, [1, 10]],
    ["15/s, 120/min and 5,000/h", threeTiers, 150, [10]],
  ])("%s", (_, scopes, minutes, wants) => {
    for (const want of wants) {
      const world = new VirtualWorld(6);
      const dates: number[] = [];
      for (let worker = 0; worker < 8; worker += 1)
        world.flood({ scopes, weight: 1, want, lane: "imports", connectionId: "one" }, (dateMs) => dates.push(dateMs));
      world.runUntil(startMs + minutes * minuteMs);
      const slowest = Math.min(
        ...scopes.map(({ rule }) => (rule.kind === "slidingWindow" ? rule.requests / (rule.perMs + 260) : 0)),
      );
      const sent = dates.filter((dateMs) => dateMs < startMs + minutes * minuteMs).length;
      expect(sent / (slowest * minutes * minuteMs)).toBeGreaterThanOrEqual(0.99);
    }
  });
});
