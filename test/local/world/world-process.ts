import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import * as z from "zod";
import { createApiClient } from "../../../bin/commands/api-client.ts";
import type { ApiClient } from "../../../bin/commands/api-client.ts";
import { synthesise } from "../../../bin/commands/synthesise.ts";
import { findSandboxes } from "../../../lib/local/world/find-sandboxes.ts";
import type { PlayPartner } from "../../../lib/local/world/open-world.ts";
import { SandboxClient } from "../../../lib/local/world/sandbox-client.ts";

const Ready = z.object({ url: z.string(), apiKey: z.string(), sandboxes: z.record(z.string(), z.string()) });
const root = join(import.meta.dirname, "../../..");

/** A local stack and its sandboxes in one process that can be killed and started again on the same folder. */
export interface WorldProcess {
  readonly api: ApiClient;
  readonly url: string;
  readonly partner: PlayPartner;
  /** Fires every schedule once. */
  fire(): Promise<void>;
  idle(): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

export async function synthesiseInto(folder: string): Promise<void> {
  await synthesise(root, folder);
}

export async function startWorld(cdkOutDir: string, dataDir: string, partnerName: string): Promise<WorldProcess> {
  const child = fork(join(import.meta.dirname, "run-world.ts"), [cdkOutDir, dataDir], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  const output = child.stdout;
  if (output === null) throw new Error("the world has no output");
  const ready = Ready.parse(JSON.parse(await firstOf(once(output, "data"), exited)));
  const definition = (await findSandboxes()).find((sandbox) => sandbox.name === partnerName);
  if (definition === undefined) throw new Error(`no sandbox of ${partnerName}`);
  const ask = async (what: string, answer: string): Promise<void> => {
    child.send(what);
    const said = await firstOf(once(child, "message"), exited);
    if (said !== answer) throw new Error(`asked the world for "${what}", it said ${said}`);
  };
  return {
    api: createApiClient(ready.url, ready.apiKey),
    url: ready.url,
    partner: {
      name: partnerName,
      demo: definition.demo,
      client: new SandboxClient(ready.sandboxes[partnerName] ?? ""),
    },
    fire: () => ask("fire", "fired"),
    idle: () => ask("idle", "idle"),
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** What an event brought, or that the process ended before. */
async function firstOf(event: Promise<readonly unknown[]>, exited: Promise<unknown>): Promise<string> {
  const [value] = await Promise.race([event, exited.then((): readonly unknown[] => ["(ended)"])]);
  return String(value);
}
