import { describe, expect, test } from "vitest";
import type { Connection } from "../../../lib/engine/ports.ts";
import { changeConnection } from "../../../lib/flows/connections/change-connection.ts";
import { createConnection } from "../../../lib/flows/connections/create-connection.ts";
import type { NewConnection } from "../../../lib/flows/connections/create-connection.ts";
import { removeConnection } from "../../../lib/flows/connections/remove-connection.ts";
import { fanOut } from "../../../lib/flows/fan-out.ts";
import { sweep } from "../../../lib/flows/sweep.ts";
import { createMemoryPorts, jsonAnswer } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { putRecord } from "../api/support/seed.ts";
import { acme, AcmeServer } from "../support/acme.ts";
import { runUntilIdle } from "../support/world.ts";
import { everyDeath, interrupt } from "./support/interrupt.ts";

/**
 * The API's function dies at every single effect of a connection's making, changing and removing, with and without a
 * fan-out that comes by after each effect. Whatever is left must do its work, or be seen and be mended by the same call.
 */
const actor = { name: "test", requestId: "request-1" };

const wanted: NewConnection = {
  driver: acme,
  tenantId: "tenant-1",
  name: "Acme",
  account: "acct-1",
  settings: {},
  credential: { apiKey: "key" },
  webhookSecret: null,
  seed: "seed-1",
};

interface World {
  readonly ports: MemoryPorts;
  readonly server: AcmeServer;
}

function world(): World {
  const server = new AcmeServer(12);
  const ports = createMemoryPorts({
    partners: [acme],
    secrets: { acme: { connectionKey: "key-of-the-tests", webhookSecrets: ["word"], app: {} } },
  });
  ports.transport.respond((request) => {
    const { status, body } = server.answer(request.url);
    return jsonAnswer(status, body);
  });
  return { ports, server };
}

async function connectedWorld(): Promise<World & { readonly connection: Connection }> {
  const made = world();
  const result = await createConnection(made.ports, wanted, actor);
  if (result.kind !== "created") throw new Error(result.kind);
  await runUntilIdle(made.ports);
  return { ...made, connection: result.connection };
}

const schedulesOf = (ports: MemoryPorts) => async () => {
  await fanOut(ports, acme);
  await sweep(ports, acme);
};

const importedOf = ({ ports }: World) =>
  new Map(ports.records.all().map((record) => [record.externalId, record.data.amount]));
const truthOf = ({ server }: World) => new Map([...server.orders].map(([id, amount]) => [id, String(amount)]));

async function idleForAWhile(ports: MemoryPorts): Promise<void> {
  ports.clock.advance(120_000);
  await runUntilIdle(ports);
}

/** Nothing of a connection that does not exist may be there. */
async function expectNoOrphans(ports: MemoryPorts, connectionId: string): Promise<void> {
  if (ports.connections.all().length > 0) return;
  expect(ports.connections.resources()).toEqual([]);
  expect(await ports.credentials.read({ partner: "acme", connectionId })).toBeNull();
}

describe("making a connection", async () => {
  const whole = world();
  const calls = (await interrupt(whole.ports, null, (ports) => createConnection(ports, wanted, actor))).calls;
  const connectionId = whole.ports.connections.all()[0]?.connectionId ?? "";

  test("has somewhere to die", () => expect(calls).toBeGreaterThan(8));

  describe.each([true, false])("with schedules that fire in between: %s", (fire) => {
    test.each(everyDeath(calls + 4))("dying $when effect $atCall", async (death) => {
      const made = world();
      const between = fire ? schedulesOf(made.ports) : null;
      await interrupt(made.ports, death, (ports) => createConnection(ports, wanted, actor), between);
      await expectNoOrphans(made.ports, connectionId);

      // Left alone, an active connection imports by itself, and any other does nothing at all.
      await idleForAWhile(made.ports);
      const [left] = made.ports.connections.all();
      if (left?.status === "active") expect(importedOf(made)).toEqual(truthOf(made));
      else expect(made.server.calls).toEqual([]);

      // The same call again ends in one connection and one import.
      const again = await createConnection(made.ports, wanted, actor);
      expect(again).toMatchObject({ kind: "created", connection: { connectionId, status: "active" } });
      await runUntilIdle(made.ports);
      expect(importedOf(made)).toEqual(truthOf(made));
      expect(made.ports.connections.all()).toHaveLength(1);
      expect(made.server.calls).toEqual(["/v1/orders?page=0", "/v1/orders?page=1"]);
    });
  });

  test.each(everyDeath(calls))("dying $when effect $atCall, a new credential or a DELETE mends it", async (death) => {
    for (const mend of ["credential", "delete"] as const) {
      const made = world();
      await interrupt(made.ports, death, (ports) => createConnection(ports, { ...wanted, seed: null }, actor));
      const [left] = made.ports.connections.all();
      if (left === undefined) continue;
      if (mend === "credential") {
        await changeConnection(made.ports, acme, left, { credential: { apiKey: "key" } }, actor);
        await idleForAWhile(made.ports);
        expect(importedOf(made)).toEqual(truthOf(made));
      } else {
        expect(await removeConnection(made.ports, acme, left, actor)).toEqual({ kind: "removed" });
        await expectNoOrphans(made.ports, left.connectionId);
      }
    }
  });
});

describe.each([{ status: "active" }, { credential: { apiKey: "new" }, status: "active" }] as const)(
  "making a connection active by %j",
  async (change) => {
    const paused = async () => {
      const made = await connectedWorld();
      await changeConnection(made.ports, acme, made.connection, { status: "paused" }, actor);
      // A time of its own, as a run is named by the time at which it was due.
      made.ports.clock.advance(60_000);
      made.server.orders.set("order-new", 7);
      made.server.changes.push("order-new");
      return made;
    };
    const whole = await paused();
    const { calls } = await interrupt(whole.ports, null, (ports) =>
      changeConnection(ports, acme, whole.connection, change, actor),
    );

    describe.each([true, false])("with schedules that fire in between: %s", (fire) => {
      test.each(everyDeath(calls + 4))("dying $when effect $atCall", async (death) => {
        const made = await paused();
        const between = fire ? schedulesOf(made.ports) : null;
        await interrupt(
          made.ports,
          death,
          (ports) => changeConnection(ports, acme, made.connection, change, actor),
          between,
        );
        await idleForAWhile(made.ports);
        // Left alone, an active connection imports by itself.
        if (made.ports.connections.all()[0]?.status === "active") expect(importedOf(made)).toEqual(truthOf(made));
        await changeConnection(made.ports, acme, made.connection, change, actor);
        await runUntilIdle(made.ports);
        expect(importedOf(made)).toEqual(truthOf(made));
      });
    });
  },
);

describe("pausing a connection", async () => {
  const whole = await connectedWorld();
  const { calls } = await interrupt(whole.ports, null, (ports) =>
    changeConnection(ports, acme, whole.connection, { status: "paused" }, actor),
  );

  test.each(everyDeath(calls))(
    "dying $when effect $atCall, what is paused asks the partner for nothing",
    async (death) => {
      const made = await connectedWorld();
      await interrupt(made.ports, death, (ports) =>
        changeConnection(ports, acme, made.connection, { status: "paused" }, actor),
      );
      made.server.calls.length = 0;
      made.ports.clock.advance(3_600_000);
      await runUntilIdle(made.ports);
      const paused = made.ports.connections.all()[0]?.status === "paused";
      expect(made.server.calls.length === 0).toBe(paused);
      if (paused) expect(made.ports.connections.resources()).toMatchObject([{ nextDueMs: null }]);
    },
  );
});

describe("removing a connection", async () => {
  const full = async () => {
    const made = await connectedWorld();
    for (let number = 0; number < 3; number++)
      await putRecord(made.ports, made.connection.connectionId, `more-${number}`);
    return made;
  };
  const whole = await full();
  const { calls } = await interrupt(whole.ports, null, (ports) =>
    removeConnection(ports, acme, whole.connection, actor),
  );

  test.each(everyDeath(calls))("dying $when effect $atCall", async (death) => {
    const made = await full();
    const { partner, connectionId } = made.connection;
    await interrupt(
      made.ports,
      death,
      (ports) => removeConnection(ports, acme, made.connection, actor),
      schedulesOf(made.ports),
    );
    // As long as anything is left, the connection is there to ask for the rest of it.
    if (made.ports.records.all().length > 0)
      expect(await made.ports.connections.read(partner, connectionId)).not.toBeNull();
    const left = await made.ports.connections.read(partner, connectionId);
    if (left !== null) expect(await removeConnection(made.ports, acme, left, actor)).toEqual({ kind: "removed" });
    await runUntilIdle(made.ports);
    expect(made.ports.records.all()).toEqual([]);
    expect(made.ports.connections.all()).toEqual([]);
    await expectNoOrphans(made.ports, connectionId);
    expect(made.ports.failures.all()).toEqual([]);
  });
});
