import { expect, test } from "vitest";
import { createEraseCommand } from "../../bin/commands/erase.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { historyOf } from "../../lib/engine/history.ts";
import { makeFailure, putRecord } from "../flows/api/support/seed.ts";
import { openCli } from "./support/api-server.ts";

async function worldOfTenants() {
  const cli = await openCli();
  const mine = await cli.api.connect({ tenantId: "tenant-erased" });
  const other = await cli.api.connect({ tenantId: "tenant-stays" });
  for (const id of [mine, other])
    for (const number of [1, 2, 3, 4])
      await putRecord(cli.api.ports, id, `order-${number}`, { data: { email: `person-${number}@example.com` } });
  const slept: number[] = [];
  const erase = createEraseCommand(async (delayMs) => {
    slept.push(delayMs);
    cli.api.ports.clock.advance(30_000);
  });
  return { cli, mine, other, erase, slept };
}

test("a tenant is erased to its end, what went is told, and that nothing is left is looked up", async () => {
  const { cli, mine, other, erase, slept } = await worldOfTenants();
  const { code, out } = await cli.run(erase, "tenant", "tenant-erased", "--yes");
  expect(code).toBe(0);
  expect(out).toMatch(/^Removed: 4 records, .*1 runs/);
  expect(out).toMatch(new RegExp(`^${mine} +erased( +0){7}$`, "m"));
  expect(slept.length).toBeGreaterThanOrEqual(3);
  expect(cli.api.ports.records.all().map((record) => record.connectionId)).toEqual([other, other, other, other]);
  expect(await cli.json(erase, "tenant", "tenant-erased", "--yes")).toMatchObject({ connections: [], left: 0 });
});

test("what is left of a connection is counted without touching it, and is no success", async () => {
  const { cli, mine, erase } = await worldOfTenants();
  const { code, out } = await cli.run(erase, "verify", mine);
  expect([code, /^acme\S+ +there +4 /m.test(out)]).toEqual([1, true]);
  expect((await cli.api.call("GET", `/connections/${mine}`)).status).toBe(200);
  await cli.run(erase, "connection", mine, "--yes");
  expect((await cli.run(erase, "verify", mine)).code).toBe(0);
});

test("a person is found first, and erased when that is said", async () => {
  const { cli, mine, erase } = await worldOfTenants();
  const person = ["person", "PERSON-2@example.com", "--tenant", "tenant-erased"];
  expect((await cli.run(erase, ...person)).out).toMatch(/ orders +order-2 +email\nSay --yes to erase them\.\n$/);
  expect(cli.api.ports.records.all()).toHaveLength(8);
  expect(await cli.json(erase, ...person, "--yes")).toMatchObject({ removed: { records: 1 } });
  expect(cli.api.ports.records.all().filter((record) => record.connectionId === mine)).toHaveLength(3);
  expect((await cli.run(erase, ...person)).out).toBe("No record of this tenant holds it.\n");
});

test("a person whom only an earlier state names is found there and erased; what was not looked at is told", async () => {
  const { cli, mine, erase } = await worldOfTenants();
  const { records, history } = cli.api.ports;
  const scope = { partner: "acme", connectionId: mine, resource: "orders" };
  for (const externalId of ["order-2", "order-3"]) {
    const former = await records.read(scope, externalId);
    if (former === null) throw new Error("no record");
    if (externalId === "order-2") await history.append(historyOf(null, former));
    const at = former.writtenAtMs + 60_000;
    const data = { email: "somebody@example.com" };
    await records.write(
      scope,
      { ...former, orderedBy: "fetch", digest: "new", order: at, fetchedAtMs: at, data },
      former,
    );
  }
  const person = ["person", "person-2@example.com", "--tenant", "tenant-erased"];
  const { out } = await cli.run(erase, ...person);
  expect(out).toMatch(/ order-2 +email \(in its version 1\)\nRecords with .* not looked at: 1\./);
  expect(await cli.json(erase, ...person, "--yes")).toMatchObject({ removed: { records: 1, history: 1 }, left: 0 });
  expect(await records.read(scope, "order-2")).toBeNull();
});

test("a person is erased twice: what was on its way at first, and what failed of it, goes with the second pass", async () => {
  const { cli, mine, other } = await worldOfTenants();
  const { ports } = cli.api;
  const scope = { partner: "acme", connectionId: mine, resource: "orders" };
  const record = await ports.records.read(scope, "order-2");
  if (record === null) throw new Error("no record");
  const failing = (connectionId: string, failureId: string, raw: string) =>
    ports.failures.record(makeFailure(failureId, { connectionId, job: null, raw }));
  for (const id of [mine, other]) await failing(id, "named", '{"email":"person-2@example.com","cut o');
  await failing(mine, "another", '{"email":"person-3@example.com"}');
  const erase = createEraseCommand(async () => {
    await ports.history.append(historyOf(null, record));
    await failing(mine, "late", '{"of":"order-2"}');
  });
  const person = ["person", "person-2@example.com", "--tenant", "tenant-erased"];
  expect(await cli.json(erase, ...person)).toMatchObject({ kept: [{ id: "named" }], removed: null, left: 2 });
  const { code, out } = await cli.run(erase, ...person, "--yes");
  expect([code, /Removed: 1 records, 1 history, 2 failures\nNothing is left/.test(out)]).toEqual([0, true]);
  expect(ports.history.entries).toEqual([]);
  const failed = ports.failures.all().map(({ connectionId, failureId }) => [connectionId === mine, failureId]);
  expect(failed).toEqual([
    [false, "named"],
    [true, "another"],
  ]);
});

test("a person of whom something comes again and again is no success", async () => {
  const { cli, mine } = await worldOfTenants();
  const { failures, eraser } = cli.api.ports;
  const { clearKept } = eraser;
  const naming = makeFailure("again", { connectionId: mine, job: null, raw: "person-2@example.com" });
  await failures.record(naming);
  eraser.clearKept = async (of, kept) => {
    const removed = await clearKept.call(eraser, of, kept);
    await failures.record(naming);
    return removed;
  };
  const erase = createEraseCommand(async () => undefined);
  const person = ["person", "person-2@example.com", "--tenant", "tenant-erased", "--yes"];
  const { code, out } = await cli.run(erase, ...person);
  expect([code, out.endsWith("Left: 1\n")]).toEqual([1, true]);
});

test.each([
  [["tenant", "tenant-erased"]],
  [["connection", "acme"]],
  [["tenant"]],
  [["everything", "now", "--yes"]],
  [["person", "person-1@example.com"]],
])("nothing is erased by %j", async (args) => {
  const { cli, erase } = await worldOfTenants();
  await expect(cli.run(erase, ...args)).rejects.toBeInstanceOf(UsageError);
  expect(cli.api.ports.records.all()).toHaveLength(8);
});
