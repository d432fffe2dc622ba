import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { createApiClient } from "../../bin/commands/api-client.ts";
import { FailureView } from "../../bin/commands/api-shapes.ts";
import { changeAtPartner, connectDemo } from "../../bin/commands/connect-demo.ts";
import { connectCommand } from "../../bin/commands/connect.ts";
import { connectionsCommand } from "../../bin/commands/connections.ts";
import { costCommand } from "../../bin/commands/cost.ts";
import { credentialsCommand } from "../../bin/commands/credentials.ts";
import { discardCommand } from "../../bin/commands/discard.ts";
import { drainCommand } from "../../bin/commands/drain.ts";
import { emergencyCommand } from "../../bin/commands/emergency.ts";
import { explainCommand } from "../../bin/commands/explain.ts";
import { failuresCommand } from "../../bin/commands/failures.ts";
import { keysCommand } from "../../bin/commands/keys.ts";
import { pauseCommand } from "../../bin/commands/pause.ts";
import { recordsCommand } from "../../bin/commands/records.ts";
import { recoverCommand } from "../../bin/commands/recover.ts";
import { replayCommand } from "../../bin/commands/replay.ts";
import { resumeCommand } from "../../bin/commands/resume.ts";
import { runsCommand } from "../../bin/commands/runs.ts";
import { statusCommand } from "../../bin/commands/status.ts";
import { syncCommand } from "../../bin/commands/sync.ts";
import { webhooksCommand } from "../../bin/commands/webhooks.ts";
import { whyWaitingCommand } from "../../bin/commands/why-waiting.ts";
import { localStage, synthesise } from "../../bin/commands/synthesise.ts";
import { openWorld } from "../../lib/local/world/open-world.ts";
import type { World } from "../../lib/local/world/open-world.ts";
import { waitUntil } from "../local/support/wait.ts";

const root = join(import.meta.dirname, "../..");
const slowMs = 120_000;

/** In an order in which each finds what it needs: what it connects with credentials of nobody fails, and is there to be replayed. */
const healthy = [
  statusCommand,
  connectionsCommand,
  webhooksCommand,
  whyWaitingCommand,
  recordsCommand,
  explainCommand,
  pauseCommand,
  resumeCommand,
  drainCommand,
  recoverCommand,
  emergencyCommand,
  keysCommand,
  syncCommand,
  runsCommand,
  costCommand,
  credentialsCommand,
  connectCommand,
];
const failing = [failuresCommand, replayCommand, discardCommand];

const examplesOf = (help: string): readonly string[] =>
  help
    .slice(help.indexOf("\nExamples\n"))
    .split("\n")
    .filter((line) => line.startsWith("  "))
    .map((line) => line.trim());

const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
let world: World | undefined;

function opened(): World {
  if (world === undefined) throw new Error("the world did not open");
  return world;
}

beforeAll(async () => {
  const cdkOutDir = join(folder, "cdk.out");
  await synthesise(root, cdkOutDir);
  world = await openWorld({ cdkOutDir, stage: localStage, dataDir: join(folder, "data"), port: 0, sandboxes: true });
  const stripe = world.partners.find((partner) => partner.name === "stripe");
  if (stripe === undefined) throw new Error("no sandbox of Stripe");
  await connectDemo(world, createApiClient(world.stack.url, world.apiKey), stripe, "smoke");
  await world.stack.idle(slowMs);
}, slowMs * 2);

afterAll(async () => {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
}, slowMs);

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

/** A line as somebody types it, with the command line run directly: npm itself takes longer than what it runs. */
async function type(line: string): Promise<Ended> {
  const { stack, apiKey } = opened();
  const direct = line.replaceAll(/npm run (?:-s )?sluice --/g, "node bin/sluice.ts");
  const child = spawn("sh", ["-c", direct], {
    cwd: root,
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
      SLUICE_URL: stack.url,
      SLUICE_KEY: apiKey,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, errors };
}

async function expectDone(example: string): Promise<void> {
  const { code, out, errors } = await type(example);
  expect({ example, code, errors }).toEqual({ example, code: 0, errors: "" });
  expect(out).not.toBe("");
  if (example.endsWith("--json")) expect(() => void JSON.parse(out)).not.toThrow();
}

describe.each(healthy.map((command) => [command.name, command.help] as const))("%s", (_, help) => {
  test.each(examplesOf(help))("%s", expectDone, slowMs);
});

test(
  "webhooks that were asked for are registered at the stand-in, which signs with the secret that it gave",
  {
    timeout: slowMs,
  },
  async () => {
    const { stack, apiKey, partners } = opened();
    const api = createApiClient(stack.url, apiKey);
    const [connection] = await api.list("/connections?tenantId=demo", z.looseObject({ id: z.string() }), 10);
    const path = `/connections/${connection?.id ?? ""}`;
    const read = () => api.get(`${path}/webhooks`, z.looseObject({ status: z.string(), url: z.string().nullable() }));
    await waitUntil("the registration", async () => (await read()).status === "subscribed", slowMs);
    expect((await read()).url).toBe(`${stack.url}/webhooks/stripe/${connection?.id ?? ""}`);
    const stripe = partners.find((partner) => partner.name === "stripe");
    const [change] = stripe === undefined ? [] : await changeAtPartner(stripe, { type: "create", count: 1 });
    const History = z.looseObject({ items: z.array(z.looseObject({ source: z.looseObject({ kind: z.string() }) })) });
    await waitUntil(
      "a record that a webhook brought",
      async () => {
        // Until it was fetched there is none.
        const history = api.get(`${path}/history/${change?.resource}/${change?.id}`, History);
        const { items } = await history.catch(() => ({ items: [] }));
        return items.some(({ source }) => source.kind === "webhook");
      },
      slowMs,
    );
  },
);

describe("when something failed", () => {
  beforeAll(async () => {
    const { stack, apiKey } = opened();
    const api = createApiClient(stack.url, apiKey);
    const of = (partner: string) => api.list(`/failures?status=open&partner=${partner}`, FailureView);
    await waitUntil("a failure of those without a credential", async () => (await of("leaflink")).length > 0, slowMs);
    await stack.idle(slowMs);
    // The newest, and one that can be tried again: a connection without a credential has to get one first.
    const stripe = opened().partners.find((partner) => partner.name === "stripe");
    await stripe?.client.control("POST", "misbehave", { kind: "malformed-json" }, z.unknown());
    await type("npm run sluice -- sync stripe --resource customers --mode full");
    await waitUntil("a failure of what is no JSON", async () => (await of("stripe")).length > 0, slowMs);
    await stripe?.client.control("DELETE", "misbehave", undefined, z.unknown());
    await stack.idle(slowMs);
  }, slowMs * 2);

  describe.each(failing.map((command) => [command.name, command.help] as const))("%s", (_, help) => {
    test.each(examplesOf(help))("%s", expectDone, slowMs);
  });

  test("status says which partner is down, and exits 1", { timeout: slowMs }, async () => {
    const { code, out } = await type("npm run sluice -- status");
    expect(code).toBe(1);
    expect(out).toMatch(/^leaflink +down /m);
    expect(out).toMatch(/^stripe +healthy /m);
  });
});

test.each([
  ["npm run sluice -- runs --nonsense", 2],
  ["npm run sluice -- sync", 2],
  ["npm run sluice -- connections nobody", 2],
  ["npm run sluice -- records stripe nothing", 1],
  ["npm run sluice -- status --key wrong", 1],
])(
  "%s exits %d, with a line that says why",
  async (line, code) => {
    const ended = await type(line);
    expect([ended.code, ended.out]).toEqual([code, ""]);
    expect(ended.errors.trim()).not.toBe("");
    expect(ended.errors).not.toMatch(/\n\s+at /);
  },
  slowMs,
);
