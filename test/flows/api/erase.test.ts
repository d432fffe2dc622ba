import { describe, expect, test } from "vitest";
import { comparisonName } from "../../../lib/engine/comparison.ts";
import { quietMs } from "../../../lib/engine/erasure.ts";
import { historyOf } from "../../../lib/engine/history.ts";
import { registryOf } from "../../../lib/engine/registry.ts";
import { archiveFailure } from "../../../lib/flows/archive-failure.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { publishChanges } from "../../../lib/flows/publish-changes.ts";
import { writeDeadLetter } from "../../../lib/engine/dead-letter.ts";
import { startMs } from "../../support/memory-ports.ts";
import { giveUpFor, webhookJob } from "../../support/port-values.ts";
import { errorsOf, TestApi } from "./support/api.ts";
import type { Answer } from "./support/api.ts";
import { makeFailure, putRecord } from "./support/seed.ts";

const email = "ada@example.com";

/** A connection with four orders, their histories, failures and jobs that wait. */
async function filled(api: TestApi, tenantId: string, account: string): Promise<string> {
  const id = await api.connect({ tenantId, account });
  const { ports } = api;
  const scope = { partner: "acme", connectionId: id, resource: "orders" };
  for (const number of [1, 2, 3, 4]) {
    const data = number === 2 ? { amount: "7", extra: { buyer: { email: "ADA@example.com" } } } : { amount: "7" };
    await putRecord(ports, id, `order-${number}`, { data });
    const record = await ports.records.read(scope, `order-${number}`);
    if (record !== null) await ports.history.append(historyOf(null, record));
    await ports.failures.record(makeFailure(`record-orders-order-${number}`, { connectionId: id }));
    const job = webhookJob({ partner: "acme", connectionId: id }, { id: `webhook-${number}` });
    await ports.parked.park(job, { connectionId: id, reason: "paused", untilMs: startMs });
  }
  await ports.claims.put({ partner: "acme", connectionId: id }, Buffer.from(email));
  return id;
}

/** Everything that is stored, as one text. */
function stored({ ports }: TestApi): string {
  const { connections, records, history, failures, runs, parked, claims, keys, audit, attempts } = ports;
  const all = [connections.all(), connections.resources(), connections.marks(), records.all(), history.entries];
  return JSON.stringify([
    ...all,
    failures.all(),
    runs.all(),
    parked.all(),
    keys.all(),
    attempts.stored(),
    [...claims.bodies.keys()],
    audit.entries,
  ]);
}

async function until(api: TestApi, path: string): Promise<{ readonly last: Answer; readonly calls: number }> {
  for (let calls = 1; calls < 60; calls++) {
    const last = await api.call("POST", path);
    if (last.data.done === true) return { last, calls };
    expect(last.status).toBe(202);
    api.ports.clock.advance(quietMs / 2);
  }
  throw new Error(`${path} comes to no end`);
}

describe("erasing a tenant", () => {
  test("leaves nothing that names it, its account or what it had, and another's as it was", async () => {
    const api = new TestApi();
    const mine = await filled(api, "tenant-erased", "acct-erased");
    const deleted = await api.connect({ tenantId: "tenant-erased", account: "acct-deleted" });
    const other = await filled(api, "tenant-stays", "acct-stays");
    const attempt = {
      partner: "acme",
      tenantId: "tenant-erased",
      wish: { kind: "connect", name: "", settings: {} },
    } as const;
    const status = { kind: "failed", code: "denied", message: "No." } as const;
    const actor = { name: "a key", requestId: "request-1" };
    await api.ports.attempts.create({ ...attempt, attemptId: "a-1", status, actor, createdAtMs: startMs, revision: 1 });
    api.ports.runs.all().forEach((run) => run.connectionId === deleted && api.ports.runs.forget(run));
    expect((await api.call("DELETE", `/connections/${deleted}`)).status).toBe(200);
    for (const tenantId of ["tenant-erased", "tenant-stays"])
      await api.call("POST", "/keys", { body: { name: "a dashboard", role: "viewer", tenantId } });
    const { calls } = await until(api, "/tenants/tenant-erased/erase");
    expect(api.ports.keys.all().map((key) => key.tenantId)).toEqual(["tenant-stays"]);
    expect(calls).toBeGreaterThan(2);
    for (const word of ["tenant-erased", "acct-erased", "acct-deleted"]) expect(stored(api)).not.toContain(word);
    for (const connection of [mine, deleted])
      expect((await api.call("GET", `/connections/${connection}/remains`)).data).toMatchObject({
        stage: "erased",
        next: null,
        counts: { records: 0, history: 0, failures: 0, runs: 0, objects: 0, answers: 0, connection: 0 },
      });
    const left = (await api.call("GET", `/connections/${other}/remains`)).data;
    expect(left).toMatchObject({ counts: { records: 4, history: 4, failures: 4, objects: 1 } });
    expect((await api.call("GET", `/connections/${other}`)).status).toBe(200);
  });

  test("of one that has nothing is done at once", async () => {
    const answer = await new TestApi().call("POST", "/tenants/nobody/erase");
    expect([answer.status, answer.data]).toEqual([200, expect.objectContaining({ done: true, erased: [] })]);
  });
});

describe("erasing what is of a partner that was taken out of the configuration", () => {
  test.each(["a connection", "a tenant"])("%s comes to its end", async (what) => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-erased");
    const without = new TestApi(api.ports, { partners: registryOf([]) });
    const path = what === "a tenant" ? "/tenants/tenant-1/erase" : `/connections/${id}/erase`;
    const counts = { records: 4, history: 4, failures: 4, objects: 1 };
    expect((await without.call("GET", `/connections/${id}/remains`)).data).toMatchObject({ counts });
    await until(without, path);
    expect(stored(api)).not.toContain("acct-erased");
    const left = (await without.call("GET", `/connections/${id}/remains`)).data;
    expect(left).toMatchObject({ stage: "erased", counts: { records: 0, history: 0, failures: 0, objects: 0 } });
  });
});

describe("erasing a connection", () => {
  test("waits for workers that had it, tells what it removed, and can be asked again", async () => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-1");
    const first = await api.call("POST", `/connections/${id}/erase`);
    expect([first.status, first.data]).toEqual([202, expect.objectContaining({ done: false, why: "workers-ending" })]);
    expect(first.data.againAt).toBe(new Date(startMs + quietMs).toISOString());
    expect((await api.call("GET", `/connections/${id}`)).status).toBe(404);
    expect((await api.call("PATCH", `/connections/${id}`, { body: { name: "back" } })).status).toBe(404);
    // What a worker that was in the middle of a page still wrote.
    await putRecord(api.ports, id, "order-late");
    api.ports.clock.advance(quietMs);
    const second = await api.call("POST", `/connections/${id}/erase`);
    expect(second.data).toMatchObject({ done: true, removed: { records: 5, history: 4, failures: 4 } });
    expect((await api.call("POST", `/connections/${id}/erase`)).data).toMatchObject({ done: true, removed: {} });
    expect(api.ports.audit.entries.at(-1)).toMatchObject({ action: "connection.erase", subject: id });
  });

  test("takes those that others changed at the same moment as they are then", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const { eraser } = api.ports;
    const { mark } = eraser;
    eraser.mark = async (erasure) => {
      eraser.mark = mark;
      return erasure.stage === "erasing" ? "superseded" : mark.call(eraser, erasure);
    };
    const answer = await api.call("POST", `/connections/${id}/erase`);
    expect([answer.status, errorsOf(answer)]).toEqual([409, ["changed-meanwhile"]]);
    expect((await api.call("POST", `/connections/${id}/erase`)).status).toBe(202);
  });

  test("lets what is still under way for it come to nothing: jobs, dead letters, late changes", async () => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-1");
    await until(api, `/connections/${id}/erase`);
    const { ports } = api;
    const before = stored(api);
    const context = { workerId: "worker-1", deadlineMs: ports.clock.nowMs() + 30_000 };
    const body = { kind: "text", text: JSON.stringify({ account: "acct-1", touched: ["order-1"] }) } as const;
    const work = { kind: "webhook", receivedAtMs: startMs, contentType: "application/json", body } as const;
    for (const connectionId of [id, null])
      await consumeJob(ports, { ...webhookJob({ partner: "acme", connectionId }), work }, context);
    const job = webhookJob({ partner: "acme", connectionId: id });
    await archiveFailure(ports, { partner: "acme", messageId: "m-1", body: writeDeadLetter(job, giveUpFor("late")) });
    const scope = { partner: "acme", connectionId: id, resource: "orders" };
    await putRecord(ports, id, "order-1");
    const after = await ports.records.read(scope, "order-1");
    if (after === null) throw new Error("no record");
    ports.records.forget({ ...scope, externalId: "order-1" });
    const read = async () => ({ kind: "record", before: null, after }) as const;
    expect(await publishChanges(ports, [{ sequence: "1", read }])).toBeNull();
    expect(stored(api)).toBe(before);
    expect([ports.lanes.givenUp, ports.events.published]).toEqual([[], []]);
    expect(ports.metrics.total("JobsOfGone")).toBe(3);
  });
});

describe("a person", () => {
  test("is found by an address or a number wherever it stands in a tenant's records, a part at a time", async () => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-1");
    await putRecord(api.ports, id, "order-phone", { data: { phone: "+49 (30) 1234-567" } });
    await filled(api, "tenant-2", "acct-2");
    const find = async (value: string, tenant = "tenant-1") =>
      (await api.call("POST", `/tenants/${tenant}/find-person`, { body: { value } })).data;
    expect(await find(email)).toEqual({
      found: [
        {
          partner: "acme",
          connectionId: id,
          resource: "orders",
          externalId: "order-2",
          at: ["extra.buyer.email"],
          formerVersion: null,
        },
      ],
      looked: 5,
      partly: 0,
      next: null,
    });
    expect(await find("+49301234567")).toMatchObject({ found: [{ externalId: "order-phone", at: ["phone"] }] });
    expect(await find("da@example.com")).toMatchObject({ found: [] });
    expect(await find(email, "tenant-3")).toEqual({ found: [], looked: 0, partly: 0, next: null });
    const { find: readRecords } = api.ports.records;
    api.ports.records.find = async (scope, filter) => {
      api.ports.clock.advance(20_000);
      return readRecords.call(api.ports.records, scope, filter, { limit: 100, cursor: null });
    };
    const part = await find(email);
    expect(part.next).toEqual(expect.any(String));
    const body = { value: email, cursor: part.next };
    const rest = await api.call("POST", "/tenants/tenant-1/find-person", { body });
    expect(rest.data).toEqual({ found: [], looked: 0, partly: 0, next: null });
    const wrong = await api.call("POST", "/tenants/tenant-1/find-person", { body: { value: email, cursor: "x" } });
    expect(errorsOf(wrong)).toEqual(["bad-cursor cursor"]);
    expect(JSON.stringify(api.ports.audit.entries)).not.toContain(email);
  });

  test("is found in states that its records had, in what the partner has deleted, and in JSON's own numbers", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const scope = { partner: "acme", connectionId: id, resource: "orders" };
    const put = async (externalId: string, data: Record<string, unknown>, deleted = false) => {
      api.ports.clock.advance(60_000);
      const at = api.ports.clock.nowMs();
      const state = {
        externalId,
        model: "order",
        digest: `${at}`,
        order: at,
        orderedBy: "fetch",
        deleted,
        data,
      } as const;
      const source = { kind: "run", id: "orders-1" } as const;
      const former = await api.ports.records.read(scope, externalId);
      await api.ports.records.write(scope, { ...state, source, fetchedAtMs: at }, former);
      const record = await api.ports.records.read(scope, externalId);
      if (record !== null) await api.ports.history.append(historyOf(null, record));
    };
    await put("order-corrected", { email });
    await put("order-corrected", { email: "ada@elsewhere.example" });
    await put("order-deleted", { buyer: { email } });
    await put("order-deleted", {}, true);
    await put("order-numbered", { phone: 49_301_234_567 });
    await put("order-keyed", { guests: { [email]: { paid: true } } });
    for (let amount = 0; amount < 60; amount++) await put("order-long", { amount });
    const find = async (value: string) =>
      (await api.call("POST", "/tenants/tenant-1/find-person", { body: { value } })).data;
    expect(await find(email)).toEqual({
      found: [
        { ...scope, externalId: "order-corrected", at: ["email"], formerVersion: 1 },
        { ...scope, externalId: "order-deleted", at: ["buyer.email"], formerVersion: null },
        { ...scope, externalId: "order-keyed", at: [`guests.${email}`], formerVersion: null },
      ],
      looked: 5,
      // Of the one with sixty states the oldest ten.
      partly: 1,
      next: null,
    });
    expect(await find("+49 30 1234567")).toMatchObject({ found: [{ externalId: "order-numbered" }] });
  });

  test("is found and erased in a resource that the driver has lost, and of a partner that was taken out", async () => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-1");
    const { connections, records } = api.ports;
    const state = await connections.readResource("acme", id, "orders");
    if (state === null) throw new Error("no state");
    await connections.createResource({ ...state, resource: "former", activeRunId: null });
    const order = await records.read({ partner: "acme", connectionId: id, resource: "orders" }, "order-2");
    if (order === null) throw new Error("no record");
    const scope = { partner: "acme", connectionId: id, resource: "former" };
    await records.write(scope, { ...order, externalId: "guest-1", orderedBy: "fetch" }, null);
    for (const seen of [api, new TestApi(api.ports, { partners: registryOf([]) })]) {
      const answer = await seen.call("POST", "/tenants/tenant-1/find-person", { body: { value: email } });
      const places = JSON.stringify(answer.data.found);
      expect([places.includes('"former","externalId":"guest-1"'), places.includes("order-2")]).toEqual([true, true]);
      const none = { body: { externalIds: ["nobody"] } };
      expect((await seen.call("POST", `/connections/${id}/erase-records/former`, none)).status).toBe(200);
      expect((await seen.call("POST", `/connections/${id}/erase-records/never`, none)).status).toBe(404);
    }
    await api.call("POST", `/connections/${id}/erase-records/former`, { body: { externalIds: ["guest-1"] } });
    expect(await records.read(scope, "guest-1")).toBeNull();
  });

  test("is erased with all states and what failed of it; others' records stay, and the audit log names none", async () => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-1");
    const other = await filled(api, "tenant-2", "acct-2");
    const body = { externalIds: ["order-2", "order-2", "order-9"] };
    const answer = await api.call("POST", `/connections/${id}/erase-records/orders`, { body });
    expect(answer.data).toEqual({
      connectionId: id,
      resource: "orders",
      removed: { records: 1, history: 1, failures: 1 },
    });
    const ids = api.ports.records
      .all()
      .map((record) => `${record.connectionId === id ? "" : "other "}${record.externalId}`);
    expect(ids.filter((each) => each.endsWith("order-2"))).toEqual(["other order-2"]);
    expect(ids).toHaveLength(7);
    expect((await api.call("GET", `/connections/${other}/records/orders/order-2`)).status).toBe(200);
    const [entry] = api.ports.audit.entries.slice(-1);
    expect([entry?.action, JSON.stringify(entry).includes("order-2")]).toEqual(["records.erase", false]);
  });

  test("is taken out of the last comparison with the partner, which keeps the others", async () => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-1");
    const things = ["order-1", "order-2"].map((externalId) => ({ externalId, outcome: "same" as const }));
    const body = { id: "c-1", askedAtMs: 1, updatedAtMs: 1, sample: 2, things };
    const note = { partner: "acme", owner: id, name: comparisonName("orders"), revision: 1, body };
    await api.ports.connections.writeNote(note);
    await api.call("POST", `/connections/${id}/erase-records/orders`, { body: { externalIds: ["order-2"] } });
    const kept = await api.ports.connections.readNote("acme", id, note.name);
    expect(kept?.body).toEqual({ ...body, things: [things[0]] });
  });

  test("is found in what failed and in what waits, erased there when that is wanted, and named in no audit entry", async () => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-1");
    const other = await filled(api, "tenant-2", "acct-2");
    const path = `/connections/${id}/erase-kept`;
    const body = { kind: "text", text: JSON.stringify({ from: { email } }) } as const;
    const work = { kind: "webhook", receivedAtMs: startMs, contentType: "application/json", body } as const;
    for (const connectionId of [id, other]) {
      const job = { ...webhookJob({ partner: "acme", connectionId }, { id: "webhook-naming" }), work };
      await api.ports.failures.record(makeFailure("failure-naming", { connectionId, job }));
      await api.ports.parked.park(job, { connectionId, reason: "paused", untilMs: startMs });
    }
    const looked = await api.call("POST", path, { body: { values: [email], dryRun: true } });
    const found = [{ kind: "failure", id: "failure-naming" }, { kind: "job", id: "webhook-naming" }, { kind: "body" }];
    expect(looked.data).toMatchObject({ connectionId: id, found, looked: 11, next: null });
    expect(api.ports.failures.all()).toHaveLength(10);
    const erased = await api.call("POST", path, { body: { values: ["nobody@example.com", email] } });
    expect(erased.data).toMatchObject({ found, removed: { failures: 1, runs: 1, objects: 1 } });
    expect((await api.call("POST", path, { body: { values: [email] } })).data).toMatchObject({ found: [], looked: 8 });
    const left = [...api.ports.failures.all(), ...api.ports.parked.all()].filter((each) => each.connectionId === other);
    expect(left).toHaveLength(10);
    expect(JSON.stringify(api.ports.audit.entries)).not.toContain(email);
  });

  test("takes webhooks along that speak of others too: what they told of those is imported at once", async () => {
    const api = new TestApi();
    const id = await filled(api, "tenant-1", "acct-1");
    const { connections, clock } = api.ports;
    const dueAtMs = async () => (await connections.readResource("acme", id, "orders"))?.nextDueMs;
    const before = await dueAtMs();
    const path = `/connections/${id}/erase-kept`;
    await api.call("POST", path, { body: { values: ["nobody@example.com"] } });
    await api.call("POST", path, { body: { values: [email], dryRun: true } });
    expect(await dueAtMs()).toBe(before);
    clock.advance(1_000);
    expect((await api.call("POST", path, { body: { values: [email] } })).data).toMatchObject({
      removed: { objects: 1 },
    });
    expect(await dueAtMs()).toBe(clock.nowMs());
  });
});
