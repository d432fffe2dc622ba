import { describe, expect, test } from "vitest";
import { explainCommand } from "../../bin/commands/explain.ts";
import { recordsCommand } from "../../bin/commands/records.ts";
import { statusCommand } from "../../bin/commands/status.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { whyWaitingCommand } from "../../bin/commands/why-waiting.ts";
import { atRest, changed } from "../../lib/engine/control.ts";
import { startMs } from "../support/memory-ports.ts";
import { apiKey } from "../flows/api/support/api.ts";
import { makeFailure, putRecord } from "../flows/api/support/seed.ts";
import { openCli, runCommand } from "./support/api-server.ts";
import type { CliWorld } from "./support/api-server.ts";

describe("status", () => {
  test("shows a line a partner with why, and exits 0 while none is down", async () => {
    const cli = await openCli();
    await cli.api.connect();
    await cli.api.ports.failures.record(makeFailure("failure-1"));
    const { code, out } = await cli.run(statusCommand);
    expect(code).toBe(0);
    expect(out).toMatch(/^acme +degraded +1 +1 +1 .*1 open failure \(1 transient\)$/m);
    expect(out).toMatch(/^beta +healthy +0 +0 +0 /m);
    expect(await cli.json(statusCommand)).toMatchObject({ partners: [{ partner: "acme" }, { partner: "beta" }] });
  });

  test("exits 1 when a partner is down", async () => {
    const cli = await openCli();
    const id = await cli.api.connect();
    const connection = await cli.api.ports.connections.read("acme", id);
    if (connection === null) throw new Error("no connection");
    const lost = { ...connection, status: "needs-reconnect", revision: connection.revision + 1 } as const;
    await cli.api.ports.connections.compareAndSet(lost);
    const { code, out } = await cli.run(statusCommand);
    expect([code, /acme +down/.test(out)]).toEqual([1, true]);
  });
});

describe("status of a connection", () => {
  test("tells how its imports stand, and exits 1 when one wants a person", async () => {
    const cli = await openCli();
    const id = await cli.api.connect();
    expect((await cli.run(statusCommand, id)).out).toMatch(/^orders +– +– +.*full, 0 on 0 pages/m);
    const { connections, clock } = cli.api.ports;
    const state = await connections.readResource("acme", id, "orders");
    if (state === null) throw new Error("no state");
    const counts = { fetched: 12, created: 9, updated: 2, deleted: 0, unchanged: 1, parked: 0 };
    const lastRun = {
      runId: "orders-9",
      mode: "full",
      outcome: "done",
      endedAtMs: startMs,
      durationMs: 90_000,
    } as const;
    await connections.compareAndSetResource({
      ...state,
      activeRunId: null,
      succeededAtMs: startMs,
      watermarkMs: startMs,
      lastRun: { ...lastRun, ...counts, volume: "doubled" },
      revision: state.revision + 1,
    });
    clock.advance(180_000);
    const { code, out } = await cli.run(statusCommand, id);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/^orders .* 3 min .*full done in 90 s: 9 added, 2 updated, 1 unchanged .*volume-doubled$/m),
    ]);
    expect(await cli.json(statusCommand, id)).toMatchObject({
      connectionId: id,
      resources: [{ lagMs: 180_000, lastRun: { added: 9, durationMs: 90_000 }, alerts: ["volume-doubled"] }],
    });
  });
});

describe("records", () => {
  async function withOrders(...ids: string[]): Promise<CliWorld> {
    const cli = await openCli();
    const connection = await cli.api.connect();
    for (const id of ids) await putRecord(cli.api.ports, connection, id);
    return cli;
  }

  test("are listed page by page, or as ids for other programs", async () => {
    const cli = await withOrders("order-1", "order-2", "order-3");
    expect((await cli.run(recordsCommand, "acme", "orders", "--limit", "2", "--ids")).out).toBe("order-1\norder-2\n");
    const { out } = await cli.run(recordsCommand, "acme", "orders", "--limit", "2");
    expect(out).toMatch(/order-1 +order +1 .*run orders-1/);
    const [, cursor = ""] = /3 in all; the next page: --cursor (\S+)/.exec(out) ?? [];
    const next = await cli.run(recordsCommand, "acme", "orders", "--limit", "2", "--cursor", cursor, "--ids");
    expect(next.out).toBe("order-3\n");
  });

  test("are listed by when they were written and whether they are deleted", async () => {
    const cli = await withOrders("order-1", "order-2");
    const connection = String((await cli.api.page("/connections")).items[0]?.["id"]);
    await putRecord(cli.api.ports, connection, "order-3", { deleted: true });
    const ids = async (...args: string[]) => (await cli.run(recordsCommand, "acme", "orders", "--ids", ...args)).out;
    expect(await ids("--deleted", "only")).toBe("order-3\n");
    expect(await ids("--deleted", "exclude")).toBe("order-1\norder-2\n");
    expect(await ids("--since", new Date(startMs + 1).toISOString())).toBe("");
    expect(await ids("--since", new Date(startMs).toISOString())).toBe("order-1\norder-2\norder-3\n");
  });

  test.each(["order-1", "a/b c?", "%41"])("are shown whole by an id such as %s", async (externalId) => {
    const cli = await withOrders(externalId);
    expect(await cli.json(recordsCommand, "acme", "orders", externalId)).toMatchObject({
      externalId,
      data: { amount: externalId },
    });
  });

  test("of nothing print nothing as ids", async () => {
    const cli = await withOrders();
    expect((await cli.run(recordsCommand, "acme", "orders", "--ids")).out).toBe("");
    expect((await cli.run(recordsCommand, "acme", "orders")).out).toBe("No records.\n");
  });

  test.each([[["acme"]], [[]], [["acme", "orders", "--limit", "0"]], [["acme", "orders", "--limit", "101"]]])(
    "take no %j",
    async (args) => {
      const cli = await withOrders();
      await expect(cli.run(recordsCommand, ...args)).rejects.toThrow(UsageError);
    },
  );
});

describe("explain", () => {
  test("names what wrote each version, and the fields that changed", async () => {
    const cli = await openCli();
    const connectionId = await cli.api.connect();
    await putRecord(cli.api.ports, connectionId, "order/1");
    const place = { partner: "acme", connectionId, resource: "orders", externalId: "order/1" };
    const entry = { ...place, data: {}, fetchedAtMs: startMs, writtenAtMs: startMs };
    const [run, webhook] = [{ kind: "run", id: "orders-7" } as const, { kind: "webhook", id: "webhook-8" } as const];
    await cli.api.ports.history.append({ ...entry, version: 1, change: "created", changed: [], source: run });
    const changed = ["amount", "status"];
    await cli.api.ports.history.append({ ...entry, version: 2, change: "updated", changed, source: webhook });
    const { out } = await cli.run(explainCommand, "acme", "orders", "order/1");
    const lines = out.split("\n").filter((line) => /^ *\d/.test(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/2 +updated +webhook webhook-8 .*amount, status/);
    expect(lines[1]).toMatch(/1 +created +run orders-7/);
    expect((await cli.run(explainCommand, "acme", "orders", "order/1", "--limit", "1")).out).toContain(
      "older versions",
    );
  });

  test("says that it may be out of date while its connection is held", async () => {
    const cli = await openCli();
    const id = await cli.api.connect();
    await putRecord(cli.api.ports, id, "order-1");
    const pause = { sinceMs: startMs, by: "maria", reason: "maintenance" };
    expect((await cli.run(explainCommand, "acme", "orders", "order-1")).out).not.toContain("out of date");
    await cli.api.ports.control.compareAndSet(changed(atRest("acme", null), { pause }));
    expect((await cli.run(explainCommand, "acme", "orders", "order-1")).out).toMatch(/out of date:\nacme is paused/);
  });

  test("says that there is no such record", async () => {
    const cli = await openCli();
    await cli.api.connect();
    await expect(cli.run(explainCommand, "acme", "orders", "order-1")).rejects.toThrow("There is no such record");
  });
});

describe("why-waiting", () => {
  test("puts what may hold it back side by side", async () => {
    const cli = await openCli();
    await cli.api.connect();
    const { code, out } = await cli.run(whyWaitingCommand, "acme");
    expect(code).toBe(0);
    expect(out).toMatch(/orders +waiting .*It waits for a worker/);
    expect(out).toMatch(/limit +free/);
    expect(out).toMatch(/imports +1 waiting, 0 in hand, 0 delayed/);
    expect(out).toMatch(/breaker +closed/);
  });

  test("says who holds it, why, and what to do", async () => {
    const cli = await openCli();
    const id = await cli.api.connect();
    const { control } = cli.api.ports;
    const breaker = { kind: "open", opened: 1, sinceMs: startMs, untilMs: startMs + 30_000 } as const;
    const pause = { sinceMs: startMs, by: "maria", reason: "maintenance" };
    await control.compareAndSet(changed(atRest("acme", null), { pause }));
    await control.compareAndSet(changed(atRest("acme", id), { breaker }));
    const { out } = await cli.run(whyWaitingCommand, "acme");
    expect(out).toMatch(/by maria \(maintenance\)/);
    expect(out).toContain("sluice resume --partner acme");
    expect(out).toMatch(/breaker +open, of the connection/);
    expect((await cli.run(statusCommand)).out).toMatch(/acme +healthy .*paused by maria/);
  });
});

describe("whatever is asked", () => {
  test("needs a key, and an address that is one", async () => {
    await expect(runCommand(statusCommand, ["--url", "http://127.0.0.1:1"])).rejects.toThrow(/SLUICE_KEY/);
    await expect(runCommand(statusCommand, ["--url", "localhost", "--key", "k"])).rejects.toThrow(UsageError);
  });

  test("says that nothing answers at the address", async () => {
    const asked = runCommand(statusCommand, ["--url", "http://127.0.0.1:1", "--key", "k"]);
    await expect(asked).rejects.toThrow(/127\.0\.0\.1:1 does not answer/);
  });

  test("says that the key is wrong", async () => {
    const { url } = await openCli();
    await expect(runCommand(statusCommand, ["--url", url, "--key", "wrong"])).rejects.toThrow("not this API's key");
    expect((await runCommand(statusCommand, ["--url", `${url}/`, "--key", apiKey])).code).toBe(0);
  });
});
