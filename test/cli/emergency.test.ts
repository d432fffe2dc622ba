import { describe, expect, test } from "vitest";
import { emergencyCommand } from "../../bin/commands/emergency.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import type { EmergencyOrder, EmergencyReport } from "../../lib/engine/emergency.ts";
import { apiPorts, TestApi } from "../flows/api/support/api.ts";
import { openCli } from "./support/api-server.ts";

type Worked = Extract<EmergencyReport, { kind: "worked" }>;

const nothing: Worked = {
  kind: "worked",
  received: 0,
  removed: 0,
  done: 0,
  deferred: 0,
  skipped: 0,
  givenUp: 0,
  left: 0,
  ended: "empty",
};

/** A lane by its reports, one a call, and empty after them. */
async function openLane(...reports: readonly Partial<Worked>[]) {
  const orders: EmergencyOrder[] = [];
  const api = new TestApi(apiPorts(), {
    workInEmergency: async (_partner, order) => {
      const report = reports[orders.length] ?? {};
      orders.push(order);
      return { ...nothing, ...report };
    },
  });
  return { cli: await openCli(api), orders };
}

describe("emergency", () => {
  test("calls until the lane is empty, and sums up what became of the messages", async () => {
    const { cli, orders } = await openLane(
      { received: 60, removed: 60, done: 57, deferred: 2, givenUp: 1, ended: "time" },
      { received: 5, removed: 5, done: 4, skipped: 1 },
    );
    const { code, out } = await cli.run(emergencyCommand, "acme", "--lane", "webhooks", "--count", "700");
    expect(code).toBe(0);
    expect(orders).toEqual([
      { lane: "webhooks", count: 500 },
      { lane: "webhooks", count: 500 },
    ]);
    for (const line of [/^65 messages/, /61 done/, /2 sent again/, /1 skipped/, /1 given up/, /Nothing more came/])
      expect(out).toMatch(line);
    expect(out).not.toMatch(/left/);
  });

  test("takes no more than --count", async () => {
    const { cli, orders } = await openLane(
      { received: 500, removed: 500, done: 500, ended: "count" },
      { received: 100, removed: 100, done: 100, ended: "count" },
    );
    const { out } = await cli.run(emergencyCommand, "acme", "--lane", "imports", "--count", "600");
    expect(orders.map(({ count }) => count)).toEqual([500, 100]);
    expect(out).toContain("There may be more");
  });

  test("stops when work fails, leaves the rest, and exits 1", async () => {
    const { cli, orders } = await openLane({ received: 10, removed: 7, done: 7, left: 3, ended: "time" });
    const { code, out } = await cli.run(emergencyCommand, "acme", "--lane", "webhooks");
    expect([code, orders.length]).toEqual([1, 1]);
    expect(out).toMatch(/3 left on the lane.*log of emergency-work/);
  });

  test("stops when everything only waits, rather than go round and round", async () => {
    const { cli, orders } = await openLane({ received: 10, removed: 10, deferred: 10, ended: "time" });
    expect((await cli.run(emergencyCommand, "acme", "--lane", "webhooks")).code).toBe(0);
    expect(orders).toHaveLength(1);
  });

  test("prints the counts for programs", async () => {
    const { cli } = await openLane({ received: 2, removed: 2, done: 2 });
    const { kind: _kind, ...counts } = { ...nothing, received: 2, removed: 2, done: 2 };
    expect(await cli.json(emergencyCommand, "acme", "--lane", "webhooks")).toEqual({
      partner: "acme",
      lane: "webhooks",
      ...counts,
    });
  });

  test.each([
    ["acme"],
    ["acme", "--lane", "dlq"],
    ["--lane", "imports"],
    ["acme", "--lane", "imports", "--count", "0"],
  ])("takes no %j", async (...args) => {
    const { cli, orders } = await openLane();
    await expect(cli.run(emergencyCommand, ...args)).rejects.toThrow(UsageError);
    expect(orders).toEqual([]);
  });
});
