import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { Granted, PartnerDriver } from "../../lib/engine/define-partner.ts";
import type { Connection } from "../../lib/engine/ports.ts";
import { beginReplacement } from "../../lib/flows/oauth/begin-attempt.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connection } from "./support/acme.ts";
import { actor, settle } from "./support/attempt-world.ts";

const Owner = z.object({ owner: z.string() });

/** Acme takes these keys; `answers` counts what each was used for. */
async function world(keys: readonly string[]) {
  const server = new AcmeServer(3);
  const ports = await connectedPorts(server);
  const good = new Set(keys);
  const used: string[] = [];
  ports.transport.respond(({ url, headers }) => {
    const key = (headers["authorization"] ?? "").replace("Bearer ", "");
    used.push(key);
    const { status, body } = good.has(key) ? server.answer(url) : { status: 401, body: {} };
    return { kind: "answered", status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
  });
  return { ports, good, used };
}

const rotate = async (ports: MemoryPorts, apiKey: string, of: Connection = connection) => {
  const attempt = await beginReplacement(ports, of, { apiKey }, actor);
  return attempt.attemptId;
};
const keyIn = async (ports: MemoryPorts) => (await ports.credentials.read(connection))?.fields["apiKey"];

describe("a key that is rotated", () => {
  test("is tried before it is stored, and verified as it is stored", async () => {
    const { ports, used } = await world(["key", "new-key"]);
    const attemptId = await rotate(ports, "new-key");
    expect(await keyIn(ports)).toBe("key");
    const { status } = await settle(ports, attemptId, null, "acme");
    expect(status).toEqual({ kind: "done", connectionId: connection.connectionId });
    expect(await keyIn(ports)).toBe("new-key");
    expect(used).toEqual(["new-key", "new-key"]);
    expect(ports.credentials.has({ partner: "acme", connectionId: attemptId })).toBe(false);
    expect(ports.credentials.has({ partner: "acme", connectionId: `${attemptId}-former` })).toBe(false);
    expect(ports.audit.entries.map(({ action }) => action)).toEqual(["credential.replace"]);
    expect(ports.log.lines.map(({ fields }) => fields["action"])).toEqual(["credential.accepted"]);
  });

  test("is not stored when the partner does not take it, and the connection goes on as it was", async () => {
    const { ports } = await world(["key"]);
    const { status } = await settle(ports, await rotate(ports, "wrong"), null, "acme");
    expect(status).toMatchObject({ kind: "failed", code: "credential-refused" });
    expect(await keyIn(ports)).toBe("key");
    expect((await ports.connections.read("acme", connection.connectionId))?.status).toBe("active");
    expect(ports.log.lines.at(-1)?.fields).toMatchObject({ action: "credential.rejected", actor: actor.name });
  });

  test("is taken back when it is refused as it is stored", async () => {
    const { ports, good } = await world(["key", "new-key"]);
    const attemptId = await rotate(ports, "new-key");
    const { replace } = ports.credentials;
    ports.credentials.replace = async (...args) => {
      const stored = await Reflect.apply(replace, ports.credentials, args);
      if (args[2]["apiKey"] === "new-key") good.delete("new-key");
      return stored;
    };
    const { status } = await settle(ports, attemptId, null, "acme");
    expect(status).toMatchObject({ kind: "failed", code: "not-verified" });
    expect(JSON.stringify(status)).toContain("the former one is back");
    expect(await keyIn(ports)).toBe("key");
    expect((await ports.connections.read("acme", connection.connectionId))?.status).toBe("active");
  });

  test("makes a connection that needed one active again", async () => {
    const { ports } = await world(["new-key"]);
    await ports.connections.compareAndSet({ ...connection, status: "needs-reconnect", revision: 2 });
    await settle(ports, await rotate(ports, "new-key"), null, "acme");
    expect((await ports.connections.read("acme", connection.connectionId))?.status).toBe("active");
  });

  test("does not go over a key that somebody stored meanwhile", async () => {
    const { ports, used } = await world(["key", "new-key", "later-key"]);
    const attemptId = await rotate(ports, "new-key");
    const { overwrite } = ports.credentials;
    // Right after the former one was set aside.
    ports.credentials.overwrite = async (owner, next) => {
      await Reflect.apply(overwrite, ports.credentials, [owner, next]);
      if (!owner.connectionId.endsWith("-former")) return;
      await Reflect.apply(overwrite, ports.credentials, [connection, { apiKey: "later-key" }]);
    };
    const { status } = await settle(ports, attemptId, null, "acme");
    expect(status).toMatchObject({ kind: "failed", code: "changed-meanwhile" });
    expect(await keyIn(ports)).toBe("later-key");
    expect(used).toEqual(["new-key"]);
  });

  test("of another account is refused, where the probe tells whose it is", async () => {
    const owners: Readonly<Record<string, string>> = { key: "acct-1", "new-key": "acct-1", others: "acct-2" };
    if (acme.auth.kind !== "header") throw new Error("acme is connected by a key");
    const account = ({ probe }: Granted) => Owner.safeParse(probe).data?.owner ?? null;
    const telling: PartnerDriver = { ...acme, auth: { ...acme.auth, account } };
    const { ports } = await world(["key", "new-key", "others"]);
    const told = { ...ports, partners: { find: () => telling, all: () => [telling] } };
    ports.transport.respond(({ headers }) => {
      const owner = owners[(headers["authorization"] ?? "").replace("Bearer ", "")];
      return { kind: "answered", status: 200, headers: {}, body: Buffer.from(JSON.stringify({ owner, items: [] })) };
    });
    const { status } = await settle(told, await rotate(told, "others"), null, "acme");
    expect(status).toMatchObject({ kind: "failed", code: "other-account" });
    expect(await keyIn(ports)).toBe("key");
    expect((await settle(told, await rotate(told, "new-key"), null, "acme")).status.kind).toBe("done");
    expect(await keyIn(ports)).toBe("new-key");
  });

  test("is the old one or the new one, and works, wherever a worker dies", async () => {
    const run = async (death: Parameters<typeof settle>[2]) => {
      const { ports } = await world(["key", "new-key"]);
      const attemptId = await rotate(ports, "new-key");
      return { ports, ...(await settle(ports, attemptId, death, "acme")) };
    };
    const { calls } = await run(null);
    expect(calls).toBeGreaterThan(10);
    for (const when of ["before", "after"] as const) {
      for (let atCall = 1; atCall <= calls; atCall++) {
        const { ports, status } = await run({ atCall, when });
        expect(status.kind).toBe("done");
        expect(await keyIn(ports)).toBe("new-key");
      }
    }
  });
});
