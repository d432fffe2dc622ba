import { describe, expect, test } from "vitest";
import type { ResourceState } from "../../lib/engine/ports.ts";
import { fanOut } from "../../lib/flows/fan-out.ts";
import { sweep } from "../../lib/flows/sweep.ts";
import { acme, AcmeServer, connectedPorts, connectionId } from "../flows/support/acme.ts";
import { runUntilIdle } from "../flows/support/world.ts";

/** What a simulated world comes to so seldom that a planted bug could hide from it. */
describe("cases that a simulated world seldom comes to", () => {
  test("a run whose first nudge is lost is nudged again", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    await fanOut(ports, acme);
    expect(ports.lanes.take("imports", ports.clock.nowMs() + 1_000)).toHaveLength(1);
    ports.clock.advance(125_000);
    expect(await sweep(ports, acme)).toMatchObject({ nudged: 1 });
    expect(ports.lanes.take("imports", ports.clock.nowMs() + 1_000)).toHaveLength(1);
  });

  test("changes are asked for from a while before the watermark on", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    await runUntilIdle(ports);
    const state = await ports.connections.readResource("acme", connectionId, "orders");
    const { watermarkMs, nextDueMs } = stateWithTimes(state);
    ports.clock.set(nextDueMs);
    await fanOut(ports, acme);
    const run = ports.runs.all().find(({ mode }) => mode === "incremental");
    expect(run?.checkpoint.sinceMs).toBe(watermarkMs - 60_000);
  });
});

function stateWithTimes(state: ResourceState | null): { readonly watermarkMs: number; readonly nextDueMs: number } {
  const { watermarkMs = null, nextDueMs = null } = state ?? {};
  if (watermarkMs === null || nextDueMs === null) throw new Error("the first import has not ended");
  return { watermarkMs, nextDueMs };
}
