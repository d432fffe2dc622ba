import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ApiClient } from "../../bin/commands/api-client.ts";
import { bodyAnswer, readAnswers } from "../../bin/commands/replay-local/answers.ts";
import type { Answers } from "../../bin/commands/replay-local/answers.ts";
import { fetchFailure } from "../../bin/commands/replay-local/fetch-failure.ts";
import type { FetchedFailure } from "../../bin/commands/replay-local/fetch-failure.ts";
import { keptAnswer, replayFetched } from "../../bin/commands/replay-local/replay-local.ts";
import { readCassettes } from "../../bin/commands/record/cassette.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import type { Job } from "../../lib/engine/job.ts";
import { stripe } from "../../lib/partners/stripe/driver.ts";
import { TestApi } from "../flows/api/support/api.ts";
import { VirtualClock } from "../support/memory/clock.ts";
import { connectionOf, failureOf as storedFailureOf, webhookJob } from "../support/port-values.ts";

const root = dirname(dirname(import.meta.dirname));
const owner = { partner: "stripe", connectionId: "stripe_abcdefghijklmnopqr-0000000000000000" };
const cassettes = readCassettes(root, "stripe").map(({ cassette }) => cassette);
const recorded = cassettes.find((cassette) => cassette.resource === "customers");
const customer = recorded?.exchanges.find((exchange) => exchange.kind === "one")?.answer.body;

/** As it failed: tried eight times, and long past its time. */
const old: Partial<Job> = { attempts: 8, hops: 190, expiresAtMs: 1 };
const refresh = webhookJob(owner, {
  ...old,
  id: "refresh-customers-cus_9",
  work: { kind: "refresh", resource: "customers", externalId: "cus_9" },
});

function failureOf(job: Job, more: Partial<FetchedFailure> = {}): FetchedFailure {
  return {
    id: `stripe:${owner.connectionId}:record-customers-cus_9`,
    failureId: "record-customers-cus_9",
    partner: "stripe",
    code: "bad-record",
    message: "a customer did not fit",
    job,
    raw: null,
    connection: connectionOf(owner),
    run: null,
    ...more,
  };
}

async function replay(failure: FetchedFailure, answers: Partial<Answers> = {}) {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const code = await replayFetched(failure, stripe, { given: [], cassettes, ...answers }, new VirtualClock(), say);
  return { code, text: lines.join("\n") };
}

describe("a failed job, run again on this machine", () => {
  test("fails as it did with the answer that was kept, and says at which field", async () => {
    const raw = JSON.stringify({ id: "cus_9", object: "customer", created: "yesterday" });
    const failure = failureOf(refresh, { raw });
    const { code, text } = await replay(failure, { given: keptAnswer(failure) });
    expect(code).toBe(1);
    expect(text).toContain("GET https://api.stripe.com/v1/customers/cus_9 → 200, as given");
    expect(text).toContain("created: invalid");
    expect(text).toContain("Not done (failed): bad-record");
  });

  test("comes to its end with an answer that fits, however often it was tried and however old it is", async () => {
    const { code, text } = await replay(failureOf(refresh), { given: [bodyAnswer(customer)] });
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toMatch(/customers\/cus_\w+: customer {"id"/);
    expect(text).toContain("Done: with these answers the job succeeds.");
  });

  test("takes its answers from cassettes, those of another thing where its own is not there", async () => {
    const event = {
      id: "evt_1",
      object: "event",
      type: "customer.updated",
      created: 1_790_000_000,
      livemode: false,
      data: { object: { id: "cus_9", object: "customer" } },
    };
    const work = { kind: "webhook", receivedAtMs: 0, contentType: "application/json" } as const;
    const job = webhookJob(owner, { ...old, work: { ...work, body: { kind: "text", text: JSON.stringify(event) } } });
    const { code, text } = await replay(failureOf(job));
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toMatch(/v1\/customers\/cus_9 → 200, as recorded of cus_/);
  });

  test("waits for nobody: a transient answer says when it would be tried again", async () => {
    const given = [{ status: 503, headers: {}, body: { error: { type: "api_error" } } }];
    const { code, text } = await replay(failureOf(refresh), { given });
    expect(code).toBe(1);
    expect(text).toMatch(/Not done \(again\): it would be tried again in \d+ s/);
  });

  test("stops with the call that nothing answers", async () => {
    const { code, text } = await replay(failureOf(refresh), { cassettes: [] });
    expect(code).toBe(1);
    expect(text).toContain("Nothing recorded answers GET https://api.stripe.com/v1/customers/cus_9. Give an answer");
  });
});

describe("a failed import", () => {
  const push = webhookJob(owner, {
    ...old,
    lane: "imports",
    work: { kind: "push", runId: "customers-1", sequence: 7, nudgeId: "nudge" },
  });
  const run = { resource: "customers", mode: "full", since: null } as const;

  test("begins anew, imports the page that is recorded, and stops at the next one", async () => {
    const { code, text } = await replay(failureOf(push, { run }));
    expect(code).toBe(1);
    expect(text.match(/customers\/cus_\w+: customer/g)).toHaveLength(3);
    expect(text).toMatch(/Nothing recorded answers GET \S+\/customers\?limit=100&starting_after=cus_/);
  });

  test("is done when its pages are", async () => {
    const page = { object: "list", data: [customer], has_more: false };
    const { code, text } = await replay(failureOf(push, { run }), { given: [bodyAnswer(page)] });
    expect({ code, text }).toMatchObject({ code: 0 });
  });

  test("asks for changes since the moment that the failed one did", async () => {
    const since = "2026-02-27T12:00:00.000Z";
    const { text } = await replay(failureOf(push, { run: { ...run, mode: "incremental", since } }), { cassettes: [] });
    expect(text).toContain(`created%5Bgte%5D=${Date.parse(since) / 1000}`);
  });

  test("with a page that is none fails as it would there", async () => {
    const { code, text } = await replay(failureOf(push, { run }), { given: [bodyAnswer({ data: "none" })] });
    expect(code).toBe(1);
    expect(text).toContain("bad-page");
  });
});

describe("answers from a file", () => {
  function file(content: string): string {
    const folder = mkdtempSync(join(tmpdir(), "sluice-answer-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "answer.json"), content);
    return join(folder, "answer.json");
  }

  test("are a body, an answer with its status, or a cassette", () => {
    expect(readAnswers(file('{"id":"1"}'))).toEqual([bodyAnswer({ id: "1" })]);
    expect(readAnswers(file('{"status":404,"body":{}}'))).toEqual([{ status: 404, headers: {}, body: {} }]);
    const path = "test/partners/stripe/fixtures/cassettes/customers.json";
    expect(readAnswers(file(readFileSync(join(root, path), "utf8")))).toHaveLength(3);
    expect(() => readAnswers(file("{"))).toThrow(UsageError);
    expect(() => readAnswers("/nowhere/answer.json")).toThrow(UsageError);
  });
});

/** The API as far as the command asks it. */
async function api(job: unknown): Promise<string> {
  const { connectionId, ...connection } = connectionOf(owner);
  const failure = { ...failureOf(refresh), connectionId, raw: null, job: { id: "summary" }, payload: job };
  const http = createServer((request, response) => {
    const known = request.headers["x-api-key"] === "operator";
    const path = request.url ?? "";
    const data =
      path.includes("/failures/") && path.endsWith("?payload=true") ? failure : { id: connectionId, ...connection };
    const errors = known ? [] : [{ code: "unauthorised", message: "No such key." }];
    response
      .writeHead(known ? 200 : 401, { "content-type": "application/json" })
      .end(JSON.stringify({ status: known ? "ok" : "error", data: known ? data : null, errors }));
  });
  await new Promise<void>((resolve) => void http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void http.close(() => resolve())));
  // A server that listens on a port has an address of this kind.
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

function cli(args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn("node", ["bin/sluice.ts", "replay-local", failureOf(refresh).id, ...args], {
    cwd: root,
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}` },
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => void child.on("close", (code) => resolve({ code, output })));
}

test("the API tells an operator everything that a replay needs, of a thing and of an import", async () => {
  const real = new TestApi();
  const client: ApiClient = {
    url: "",
    get: async (path, schema) => {
      const { pathname, searchParams } = new URL(path, "http://localhost");
      // As the gateway hands it on.
      const answer = await real.call("GET", decodeURIComponent(pathname), { query: Object.fromEntries(searchParams) });
      return schema.parse(answer.data);
    },
    send: () => Promise.reject(new Error("a replay changes nothing")),
    list: () => Promise.reject(new Error("a replay lists nothing")),
  };
  const connectionId = await real.connect();
  const acme = { partner: "acme", connectionId };
  const [run] = (await real.ports.runs.list("acme", connectionId, { limit: 1, cursor: null })).items;
  if (run === undefined) throw new Error("connecting starts an import");
  const jobs: readonly Job[] = [
    webhookJob(acme),
    webhookJob(acme, { lane: "imports", work: { kind: "push", runId: run.runId, sequence: 0, nudgeId: run.nudgeId } }),
  ];
  for (const [index, job] of jobs.entries()) {
    await real.ports.failures.record(storedFailureOf(acme, { failureId: `failure-${index}`, job }));
    const fetched = await fetchFailure(client, `acme:${connectionId}:failure-${index}`);
    expect(fetched).toMatchObject({ job, connection: { connectionId, status: "active" } });
    expect(fetched.run).toEqual(index === 0 ? null : { resource: run.resource, mode: run.mode, since: null });
  }
});

describe("the command", () => {
  test("gets the job from the API and replays it with the cassettes of the folder it stands in", async () => {
    const { code, output } = await cli(["--url", await api(refresh), "--key", "operator"]);
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain("failed with bad-record: a customer did not fit");
    expect(output).toContain("Done: with these answers the job succeeds.");
  }, 60_000);

  test("says what is missing: a key, the API's yes, the job", async () => {
    expect(await cli(["--url", await api(refresh)])).toMatchObject({ code: 2 });
    const stranger = await cli(["--url", await api(refresh), "--key", "stranger"]);
    expect(stranger).toMatchObject({ code: 1 });
    expect(stranger.output).toContain("No such key.");
    const summary = await cli(["--url", await api({ id: "refresh-1", work: "refresh" }), "--key", "operator"]);
    expect(summary).toMatchObject({ code: 1 });
    expect(summary.output).toContain("the API does not show its job to this key");
  }, 60_000);
});
