import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { forgetWorld, openWorld } from "../../lib/local/world/open-world.ts";
import type { World } from "../../lib/local/world/open-world.ts";
import { ApiError, createApiClient } from "./api-client.ts";
import type { ApiClient } from "./api-client.ts";
import { RecordView, RunView } from "./api-shapes.ts";
import { flag, textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { changeAtPartner, connectDemo } from "./connect-demo.ts";
import type { DemoChange, DemoConnection } from "./connect-demo.ts";
import { progressLine } from "./progress-line.ts";
import { localStage, synthesise } from "./synthesise.ts";
import { UsageError } from "./usage-error.ts";

export const startCommand: Command = {
  name: "start",
  summary: "run the whole stack on this machine, with a partner imported and webhooks flowing",
  help: `Usage: npm start -- [options]

Synthesises the CDK app, runs its real bundled functions against services in npm packages, connects each partner's
sandbox, shows the import as it happens, and then webhooks becoming records. Ctrl-C stops cleanly; what was there is
there again at the next start.

Options
  --port <number>    port of the API and of webhooks (default 8787; 0 takes any)
  --data <folder>    where state is kept (default .sluice); the sandboxes' own is beside it, in <folder>-partners
  --no-sandboxes     call the real partners; connect them yourself
  --fresh            forget what a former start left
  --exit-when-idle   stop when the first imports are done (for scripts)

Examples
  npm start
  npm start -- --port 9000 --fresh
`,
  options: {
    port: { type: "string" },
    data: { type: "string" },
    "no-sandboxes": { type: "boolean" },
    fresh: { type: "boolean" },
    "exit-when-idle": { type: "boolean" },
  },
  run,
};

const webhookEveryMs = 2_000;
const lookEveryMs = 250;

type Say = (line: string) => void;

async function run(values: Values): Promise<number> {
  const port = portOf(textOption(values, "port", "8787"));
  const say = createSay();
  const dataDir = resolve(textOption(values, "data", ".sluice"));
  if (flag(values, "fresh")) forgetWorld(dataDir);
  say("synthesising the stacks and bundling the functions");
  const cdkOutDir = join(dataDir, "cdk.out");
  await synthesise(process.cwd(), cdkOutDir);
  say("starting the services, the functions and the API");
  const world = await openWorld({
    cdkOutDir,
    stage: localStage,
    dataDir,
    port,
    sandboxes: !flag(values, "no-sandboxes"),
  });
  const stop = stopOnSignal(world, say);
  try {
    const api = createApiClient(world.stack.url, world.apiKey);
    const demos = await connectAll(world, api, say);
    for (const demo of demos) await showImport(api, demo, say, stop.signal);
    process.stdout.write(invitation(world, demos));
    if (flag(values, "exit-when-idle")) stop.now();
    else await showWebhooks(api, demos, say, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    stop.now();
    await stop.done;
  }
  return 0;
}

function createSay(): Say {
  const beganMs = performance.now();
  return (line) =>
    process.stdout.write(`${((performance.now() - beganMs) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`--port ${text}: a port is a whole number from 0 to 65535.`);
}

async function connectAll(world: World, api: ApiClient, say: Say): Promise<readonly DemoConnection[]> {
  const demos: DemoConnection[] = [];
  for (const partner of world.partners) {
    demos.push(await connectDemo(world, api, partner, "demo"));
    say(`connected ${partner.name}'s sandbox; its import is due`);
  }
  // The schedules are the stack's own; only nobody wants to wait a minute for their first time.
  await world.fireSchedules();
  return demos;
}

/** Shows a connection's imports, a line a resource as it moves, until none is under way. */
async function showImport(api: ApiClient, demo: DemoConnection, say: Say, signal: AbortSignal): Promise<void> {
  const resources = new Set(Object.values(demo.partner.demo.resourceOf));
  const shown = new Map<string, string>();
  while (!signal.aborted) {
    const runs = await api.list(`/connections/${demo.connectionId}/runs`, RunView, 100);
    for (const one of runs) {
      const line = progressLine(demo.partner.name, one);
      if (shown.get(one.runId) !== line) say(line);
      shown.set(one.runId, line);
    }
    const begun = new Set(runs.map((one) => one.resource));
    if (begun.size >= resources.size && runs.every((one) => one.status !== "active")) return;
    await pause(lookEveryMs, signal);
  }
}

/** Lets something happen at each partner now and then, and shows the record that its webhook changes. */
async function showWebhooks(
  api: ApiClient,
  demos: readonly DemoConnection[],
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    for (const demo of demos) {
      for (const change of await changeAtPartner(demo.partner, { type: "update", count: 1 })) {
        const record = await waitForRecord(api, demo, change, signal);
        if (record !== null)
          say(`webhook  ${demo.partner.name} ${change.resource}/${change.id} is now at version ${record.version}`);
      }
    }
    await pause(webhookEveryMs, signal);
  }
}

async function waitForRecord(
  api: ApiClient,
  demo: DemoConnection,
  change: DemoChange,
  signal: AbortSignal,
): Promise<RecordView | null> {
  const path = `/connections/${demo.connectionId}/records/${change.resource}/${encodeURIComponent(change.id)}`;
  for (let look = 0; look < 60 && !signal.aborted; look++) {
    const record = await api.get(path, RecordView).catch(orNothing);
    if (record !== null && record.version >= change.revision) return record;
    await pause(lookEveryMs, signal);
  }
  return null;
}

/** Not there yet, or not any more: somebody may have deleted the demonstration's connection. */
function orNothing(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}

function invitation(world: World, demos: readonly DemoConnection[]): string {
  const base = `curl -s -H 'x-api-key: ${world.apiKey}'`;
  const api = `${world.stack.url}/api/v1`;
  const [demo] = demos;
  const id = demo?.connectionId ?? "<connection>";
  const resource = Object.values(demo?.partner.demo.resourceOf ?? {})[0] ?? "<resource>";
  return `
  Address  ${world.stack.url}
  API key  ${world.apiKey}
  Users    curl -s '${world.usersUrl}/token' -d '{"role": "viewer", "tenantId": "demo"}' gives a token for Authorization: Bearer

  Three things to try, in another terminal:
    ${base} '${api}/connections/${id}/records/${resource}?limit=2'
    ${base} -X POST '${api}/connections/${id}/sync'
    ${base} '${api}/failures?group=true'

  Ctrl-C stops cleanly; the next start goes on from there.

`;
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => undefined);
}

function stopOnSignal(
  world: World,
  say: Say,
): { readonly signal: AbortSignal; readonly done: Promise<void>; now(): void } {
  const controller = new AbortController();
  const { promise: done, resolve: ended, reject } = Promise.withResolvers<void>();
  const now = (): void => {
    if (controller.signal.aborted) return;
    say("stopping");
    controller.abort();
    world.stop().then(ended, reject);
  };
  process.once("SIGINT", now);
  process.once("SIGTERM", now);
  return { signal: controller.signal, done, now };
}
