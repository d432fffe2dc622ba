import { describe, expect, test } from "vitest";
import * as z from "zod";
import type { GiveUp } from "../../../lib/engine/ports.ts";
import { adviceFor } from "../../../lib/flows/api/failure-advice.ts";
import { startMs } from "../../support/memory-ports.ts";
import { errorsOf, TestApi } from "./support/api.ts";
import { makeFailure, makeRun } from "./support/seed.ts";

const startIso = new Date(startMs).toISOString();

describe("listing failures", () => {
  test("shows what failed, what it means and what to do, and no payload", async () => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("failure-1", { connectionId: "acme_x" }));
    const { items } = await api.page("/failures");
    expect(items).toEqual([
      {
        id: "acme:acme_x:failure-1",
        partner: "acme",
        connectionId: "acme_x",
        failureId: "failure-1",
        fingerprint: "fingerprint-1",
        status: "open",
        kind: "transient",
        code: "http-500",
        place: "webhook",
        message: "Acme answered 500.",
        call: "GET /orders/1 → 500",
        ...adviceFor({ kind: "transient", code: "http-500" }),
        job: { id: "failure-1", work: "webhook", lane: "webhooks", attempts: 8, createdAt: startIso, trace: "trace-1" },
        raw: null,
        failedAt: startIso,
        firstSeenAt: startIso,
        lastSeenAt: startIso,
        seen: 1,
        replays: 0,
      },
    ]);
    expect(JSON.stringify(items)).not.toContain("the-payload-of-a-customer");
  });

  test("shows what never got as far as a connection or a job", async () => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("message-1", { job: null, raw: "hello" }));
    expect((await api.page("/failures")).items).toMatchObject([{ connectionId: null, job: null, raw: "hello" }]);
  });

  test.each([
    [{ partner: "acme" }, ["a-open", "a-resolved"]],
    [{ partner: "beta" }, ["b-open"]],
    [{ connectionId: "acme_x" }, ["a-open"]],
    [{ status: "open" }, ["a-open", "b-open"]],
    [{ partner: "acme", status: "resolved" }, ["a-resolved"]],
    [{ partner: "nobody" }, []],
  ])("is filtered by %j", async (query, ids) => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("a-open", { connectionId: "acme_x" }));
    const resolved = makeFailure("a-resolved");
    await api.ports.failures.record(resolved);
    await api.ports.failures.move(resolved, ["open"], "resolved", startMs);
    await api.ports.failures.record(makeFailure("b-open", { partner: "beta" }));
    const page = await api.page("/failures", query);
    expect([page.items.map((item) => String(item.failureId)).toSorted(), page.total]).toEqual([ids, ids.length]);
  });

  test.each([
    [{ status: "closed" }, ["invalid-field status"]],
    [{ group: "yes" }, ["invalid-field group"]],
    [{ partner: "" }, ["invalid-field partner"]],
  ])("refuses %j", async (query, errors) => {
    const answer = await new TestApi().call("GET", "/failures", { query });
    expect([answer.status, errorsOf(answer)]).toEqual([400, errors]);
  });
});

describe("grouping failures", () => {
  test("puts what is alike in one line, the newest group first", async () => {
    const api = new TestApi();
    const at = (failureId: string, firstSeenAtMs: number, lastSeenAtMs: number, connectionId: string) =>
      api.ports.failures.record(makeFailure(failureId, { firstSeenAtMs, lastSeenAtMs, connectionId }));
    await at("a", startMs + 5, startMs + 10, "acme_x");
    await at("b", startMs, startMs + 20, "acme_x");
    await at("c", startMs + 7, startMs + 7, "acme_y");
    await at("c", startMs + 7, startMs + 8, "acme_y");
    await api.ports.failures.move(makeFailure("a", { connectionId: "acme_x" }), ["open"], "resolved", startMs);
    const why: GiveUp = {
      code: "bad-record",
      kind: "data",
      place: "orders record",
      message: "m",
      call: null,
      atMs: startMs,
    };
    await api.ports.failures.record(
      makeFailure("d", { fingerprint: "fingerprint-2", why, lastSeenAtMs: startMs + 99 }),
    );
    // Alike, but of another partner.
    await api.ports.failures.record(makeFailure("e", { partner: "beta", lastSeenAtMs: startMs + 1 }));
    const page = await api.page("/failures", { group: "true" });
    expect(page).toMatchObject({ total: 3, complete: true });
    expect(page.items).toMatchObject([
      { fingerprint: "fingerprint-2", count: 1, ...adviceFor({ kind: "data", code: "bad-record" }) },
      {
        partner: "acme",
        fingerprint: "fingerprint-1",
        count: 3,
        seen: 4,
        connections: 2,
        statuses: { open: 2, replaying: 0, resolved: 1, discarded: 0 },
        firstSeenAt: startIso,
        lastSeenAt: new Date(startMs + 20).toISOString(),
        newest: "acme:acme_x:b",
        code: "http-500",
        place: "webhook",
      },
      { partner: "beta", fingerprint: "fingerprint-1", count: 1 },
    ]);
  });

  test("says so when there are more than it looks at", async () => {
    const api = new TestApi();
    for (let number = 0; number < 2_001; number++) await api.ports.failures.record(makeFailure(`failure-${number}`));
    const page = await api.page("/failures", { group: "true" });
    expect(page).toMatchObject({ total: 1, complete: false, items: [{ count: 2_000 }] });
  });

  test("has advice in plain words for every kind, and by code where there is more to say", () => {
    const kinds = ["transient", "rate", "client", "auth", "data", "stale", "crash"] as const;
    for (const kind of kinds) {
      const advice = adviceFor({ kind, code: "__proto__" });
      expect(advice.means.length).toBeGreaterThan(20);
      expect(advice.toDo.length).toBeGreaterThan(20);
    }
    expect(new Set(kinds.map((kind) => adviceFor({ kind, code: "x" }).toDo)).size).toBe(kinds.length);
    expect(adviceFor({ kind: "data", code: "connection-not-found" })).not.toEqual(
      adviceFor({ kind: "data", code: "x" }),
    );
  });
});

describe("replaying failures", () => {
  test("sends one's job again", async () => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("failure-1"));
    const body = { partner: "acme", connectionId: null, failureId: "failure-1" };
    const answer = await api.call("POST", "/failures/replay", { body });
    expect([answer.status, answer.data]).toEqual([202, { replayed: ["acme:-:failure-1"], refused: [], more: false }]);
    expect(api.ports.lanes.sent.map(({ job }) => [job.id, job.replayOf])).toEqual([["failure-1", "failure-1"]]);
    expect((await api.page("/failures")).items).toMatchObject([{ status: "replaying", replays: 1 }]);
    expect(api.ports.audit.entries).toMatchObject([
      { action: "failures.replay", subject: "acme:-:failure-1", detail: { count: "1" } },
    ]);
  });

  test("sends a whole group that is open, and nothing else", async () => {
    const api = new TestApi();
    for (const id of ["a", "b", "closed"]) await api.ports.failures.record(makeFailure(id));
    await api.ports.failures.move(makeFailure("closed"), ["open"], "discarded", startMs);
    await api.ports.failures.record(makeFailure("other", { fingerprint: "fingerprint-2" }));
    await api.ports.failures.record(makeFailure("beta", { partner: "beta" }));
    const body = { partner: "acme", fingerprint: "fingerprint-1" };
    const answer = await api.call("POST", "/failures/replay", { body });
    expect(answer.data).toMatchObject({ refused: [], more: false });
    expect(api.ports.lanes.sent.map(({ job }) => job.id).toSorted()).toEqual(["a", "b"]);
  });

  test("of a large group goes on where it stopped", async () => {
    const api = new TestApi();
    for (let number = 0; number < 130; number++) await api.ports.failures.record(makeFailure(`failure-${number}`));
    const body = { partner: "acme", fingerprint: "fingerprint-1" };
    const first = await api.call("POST", "/failures/replay", { body });
    expect([first.data.more, api.ports.lanes.sent.length]).toEqual([true, 100]);
    const second = await api.call("POST", "/failures/replay", { body });
    expect([second.data.more, api.ports.lanes.sent.length]).toEqual([false, 130]);
    expect(new Set(api.ports.lanes.sent.map(({ job }) => job.id)).size).toBe(130);
    expect((await api.call("POST", "/failures/replay", { body })).status).toBe(404);
  });

  test("finds a group behind many failures of others", async () => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("alike"));
    for (let number = 0; number < 250; number++) {
      const newer = { fingerprint: "fingerprint-2", lastSeenAtMs: startMs + 1 + number };
      await api.ports.failures.record(makeFailure(`other-${number}`, newer));
    }
    const body = { partner: "acme", fingerprint: "fingerprint-1" };
    expect((await api.call("POST", "/failures/replay", { body })).data).toEqual({
      replayed: ["acme:-:alike"],
      refused: [],
      more: false,
    });
  });

  test("by their ids says of each what came of it", async () => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("a:b:c", { connectionId: "acme_x" }));
    await api.ports.failures.record(makeFailure("none", { job: null }));
    const failureIds = ["acme:acme_x:a:b:c", "acme:-:none", "acme:-:missing", "nonsense", "acme:acme_x:a:b:c"];
    const answer = await api.call("POST", "/failures/replay", { body: { failureIds } });
    expect(answer.status).toBe(202);
    expect(answer.data).toMatchObject({
      replayed: ["acme:acme_x:a:b:c"],
      refused: [{ id: "acme:-:none" }, { id: "acme:-:missing" }, { id: "nonsense" }],
    });
    expect(api.ports.lanes.sent).toHaveLength(1);
  });

  test("of a run starts its import again", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const status = { kind: "failed", atMs: startMs, failureId: "run-orders-1", code: "http-500" } as const;
    await api.ports.runs.create(makeRun(id, { status }));
    for (const run of api.ports.runs.all()) {
      if (run.trigger === "connected")
        await api.ports.runs.compareAndSet({ ...run, status, revision: run.revision + 1 });
    }
    const failure = makeFailure("run-orders-1", { connectionId: id });
    const work = { kind: "push", runId: "orders-1", sequence: 0, nudgeId: "n" } as const;
    if (failure.job !== null)
      await api.ports.failures.record({ ...failure, job: { ...failure.job, connectionId: id, work } });
    const body = { partner: "acme", connectionId: id, failureId: "run-orders-1" };
    expect((await api.call("POST", "/failures/replay", { body })).data).toMatchObject({ refused: [] });
    expect((await api.page(`/connections/${id}/runs`)).items).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ status: "active", trigger: "manual" })]),
    );
  });

  test("says 503 when the queue is away, and the failures are still there to be replayed", async () => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("failure-1"));
    const body = { partner: "acme", connectionId: null, failureId: "failure-1" };
    api.ports.lanes.breakWith(new Error("the queue is away"));
    const answer = await api.call("POST", "/failures/replay", { body });
    expect([answer.status, errorsOf(answer)]).toEqual([503, ["unavailable"]]);
    api.ports.lanes.breakWith(null);
    expect((await api.call("POST", "/failures/replay", { body })).data).toMatchObject({
      replayed: ["acme:-:failure-1"],
    });
  });

  test.each([
    [{}, ["invalid-field partner", "invalid-field connectionId", "invalid-field failureId"]],
    [{ partner: "acme", failureId: "x" }, ["invalid-field connectionId"]],
    [
      { partner: "acme", connectionId: null, failureId: "x", fingerprint: "y" },
      ["unknown-field connectionId", "unknown-field failureId"],
    ],
    [{ fingerprint: "y" }, ["invalid-field partner"]],
    [{ failureIds: [] }, ["invalid-field failureIds"]],
    [{ failureIds: ["x"], partner: "acme" }, ["unknown-field partner"]],
    [{ failureIds: [7] }, ["invalid-field failureIds.0"]],
    [{ failureIds: Array.from({ length: 101 }, () => "x") }, ["invalid-field failureIds"]],
  ])("refuses %j", async (body, errors) => {
    const answer = await new TestApi().call("POST", "/failures/replay", { body });
    expect([answer.status, errorsOf(answer)]).toEqual([400, errors]);
  });

  test.each([
    { partner: "acme", connectionId: null, failureId: "missing" },
    { partner: "acme", connectionId: "acme_y", failureId: "failure-1" },
    { partner: "beta", connectionId: null, failureId: "failure-1" },
    { partner: "acme", fingerprint: "missing" },
    { partner: "beta", fingerprint: "fingerprint-1" },
  ])("finds nothing for %j", async (body) => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("failure-1"));
    const answer = await api.call("POST", "/failures/replay", { body });
    expect([answer.status, errorsOf(answer)]).toEqual([404, ["not-found"]]);
    expect(api.ports.lanes.sent).toEqual([]);
  });
});

describe("replaying what failed since a time", () => {
  const sinceIso = new Date(startMs + 10).toISOString();

  async function seeded(): Promise<TestApi> {
    const api = new TestApi();
    const at = (failureId: string, lastSeenAtMs: number, changes = {}) =>
      api.ports.failures.record(makeFailure(failureId, { lastSeenAtMs, ...changes }));
    await at("before", startMs + 9);
    await at("at", startMs + 10);
    await at("after", startMs + 11, { connectionId: "acme_x", fingerprint: "fingerprint-2" });
    await at("beta", startMs + 12, { partner: "beta" });
    await at("closed", startMs + 13);
    await api.ports.failures.move(makeFailure("closed"), ["open"], "resolved", startMs);
    return api;
  }

  test.each([
    [{}, ["acme:-:at", "acme:acme_x:after", "beta:-:beta"]],
    [{ partner: "acme" }, ["acme:-:at", "acme:acme_x:after"]],
    [{ connectionId: "acme_x" }, ["acme:acme_x:after"]],
  ])("takes the open ones of %j", async (filter, ids) => {
    const api = await seeded();
    const answer = await api.call("POST", "/failures/replay", { body: { since: sinceIso, ...filter } });
    expect([answer.status, answer.data.refused, answer.data.more]).toEqual([202, [], false]);
    expect(z.array(z.string()).parse(answer.data.replayed).toSorted()).toEqual(ids);
    expect(api.ports.lanes.sent).toHaveLength(ids.length);
  });

  test("is nothing when nothing failed since", async () => {
    const api = await seeded();
    const body = { since: new Date(startMs + 99).toISOString() };
    expect((await api.call("POST", "/failures/replay", { body })).data).toEqual({
      replayed: [],
      refused: [],
      more: false,
    });
  });

  test.each(["yesterday", "2026-02-30T00:00:00Z", 7])("refuses %j as a time", async (since) => {
    const answer = await (await seeded()).call("POST", "/failures/replay", { body: { since } });
    expect([answer.status, errorsOf(answer)]).toEqual([400, ["invalid-field since"]]);
  });
});

test.each([
  { partner: "acme", connectionId: null, failureId: "failure-1" },
  { partner: "acme", fingerprint: "fingerprint-1" },
  { since: new Date(startMs).toISOString() },
  { failureIds: ["acme:-:failure-1"] },
])("a dry run of %j says what would be tried, and does nothing", async (form) => {
  const api = new TestApi();
  await api.ports.failures.record(makeFailure("failure-1"));
  for (const [action, key] of [
    ["replay", "wouldReplay"],
    ["discard", "wouldDiscard"],
  ]) {
    const answer = await api.call("POST", `/failures/${action}`, { body: { ...form, dryRun: true } });
    expect([answer.status, answer.data]).toEqual([
      200,
      { [String(key)]: ["acme:-:failure-1"], refused: [], more: false },
    ]);
  }
  expect([api.ports.lanes.sent, api.ports.audit.entries]).toEqual([[], []]);
  expect((await api.page("/failures")).items).toMatchObject([{ status: "open", replays: 0 }]);
});

describe("discarding failures", () => {
  test("closes them for good, and says so in the audit log", async () => {
    const api = new TestApi();
    for (const id of ["a", "b"]) await api.ports.failures.record(makeFailure(id));
    await api.ports.failures.record(makeFailure("other", { fingerprint: "fingerprint-2" }));
    const answer = await api.call("POST", "/failures/discard", {
      body: { partner: "acme", fingerprint: "fingerprint-1" },
    });
    expect(answer.status).toBe(200);
    expect(z.array(z.string()).parse(answer.data.discarded).toSorted()).toEqual(["acme:-:a", "acme:-:b"]);
    expect((await api.page("/failures", { status: "open" })).items).toMatchObject([{ failureId: "other" }]);
    expect(api.ports.audit.entries).toMatchObject([
      { action: "failures.discard", subject: "acme:fingerprint-1", detail: { count: "2" } },
    ]);
    expect(api.ports.lanes.sent).toEqual([]);
  });

  test("takes what was never a job and one whose replay hangs, and refuses what is closed", async () => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("no-job", { job: null }));
    await api.ports.failures.record(makeFailure("hangs"));
    await api.ports.failures.move(makeFailure("hangs"), ["open"], "replaying", startMs);
    await api.ports.failures.record(makeFailure("closed"));
    await api.ports.failures.move(makeFailure("closed"), ["open"], "resolved", startMs);
    const failureIds = ["acme:-:no-job", "acme:-:hangs", "acme:-:closed", "acme:-:missing"];
    expect((await api.call("POST", "/failures/discard", { body: { failureIds } })).data).toMatchObject({
      discarded: ["acme:-:no-job", "acme:-:hangs"],
      refused: [{ id: "acme:-:closed" }, { id: "acme:-:missing" }],
    });
  });
});

describe("one failure", () => {
  test("is shown as the list shows it, found by an id with a slash and a colon", async () => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("record-orders-a/b:c", { connectionId: "acme_x" }));
    const answer = await api.call("GET", "/failures/acme:acme_x:record-orders-a/b:c");
    expect(answer.data).toEqual((await api.page("/failures")).items[0]);
    expect(answer.body).not.toContain("the-payload-of-a-customer");
  });

  test("gives its whole job to whoever asks for the payload", async () => {
    const api = new TestApi();
    const failure = makeFailure("failure-1");
    await api.ports.failures.record(failure);
    const answer = await api.call("GET", "/failures/acme:-:failure-1", { query: { payload: "true" } });
    expect(answer.data.payload).toEqual(failure.job);
  });

  test.each(["acme:-:missing", "beta:-:failure-1", "nonsense"])("is not found as %s", async (ref) => {
    const api = new TestApi();
    await api.ports.failures.record(makeFailure("failure-1"));
    expect((await api.call("GET", `/failures/${ref}`)).status).toBe(404);
  });
});
