import { describe, expect, test } from "vitest";
import { atRest, changed } from "../../lib/engine/control.ts";
import { fanOut } from "../../lib/flows/fan-out.ts";
import { acme, AcmeServer, connectedPorts, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";

const alerts = (ports: MemoryPorts) => ports.metrics.total("SyncAlerts");
const told = (ports: MemoryPorts) =>
  ports.log.lines.filter((line) => line.message === "an import wants a person").map((line) => line.fields["alert"]);

describe("what a person should hear of imports", () => {
  test("is nothing while they succeed, and how the last run went stays known", async () => {
    const ports = await connectedPorts(new AcmeServer(25));
    await runUntilIdle(ports);
    const state = await ports.connections.readResource("acme", connectionId, "orders");
    expect(state).toMatchObject({ failuresInRow: 0, volumes: { full: 25 }, lastRun: { outcome: "done", created: 25 } });
    expect(alerts(ports)).toBe(0);
  });

  test("is a pass that finds half of what it found before", async () => {
    const server = new AcmeServer(40);
    const ports = await connectedPorts(server);
    const pass = async () => {
      await runUntilIdle(ports);
      ports.clock.advance(86_400_000);
    };
    await pass();
    for (let number = 0; number < 20; number++) server.orders.delete(`order-${number}`);
    await pass();
    expect([alerts(ports) >= 1, told(ports)]).toEqual([true, expect.arrayContaining(["volume-halved"])]);
  });

  test("is what has not succeeded for too long, unless somebody has stopped the partner", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    await runUntilIdle(ports);
    ports.clock.advance(2 * 300_000 + 15 * 60_000);
    await fanOut(ports, acme);
    expect(told(ports)).toEqual([]);
    ports.clock.advance(300_001);
    const wish = { sinceMs: ports.clock.nowMs(), by: "somebody", reason: "a deployment" };
    await ports.control.compareAndSet(changed(atRest("acme", null), { pause: wish }));
    await fanOut(ports, acme);
    expect(told(ports)).toEqual([]);
    const paused = await ports.control.read("acme", null);
    await ports.control.compareAndSet(changed(paused, { pause: null }));
    await fanOut(ports, acme);
    expect([told(ports), alerts(ports)]).toEqual([["late"], 1]);
  });
});
