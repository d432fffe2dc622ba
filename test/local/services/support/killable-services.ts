import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as z from "zod";
import type { StreamRecord } from "../../../../lib/local/types.ts";
import { clientsFor, type Clients } from "./start.ts";

/** The services in a process of their own. */
export interface KillableServices {
  readonly operator: Clients;
  readonly endpoint: string;
  streamOf(tableName: string): Promise<StreamRecord[]>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

const ready = z.object({
  endpoint: z.string(),
  operator: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
});

export async function startKillable(cdkOutDir: string, dataDir: string): Promise<KillableServices> {
  const child = fork(new URL("./services-child.ts", import.meta.url), [cdkOutDir, dataDir], { execArgv: [] });
  const ended = once(child, "exit");
  const messages: readonly unknown[] = await Promise.race([
    once(child, "message"),
    ended.then(([code]) => Promise.reject(new Error(`The services ended with ${code} before they were ready.`))),
  ]);
  const { endpoint, operator } = ready.parse(messages[0]);
  const clients = clientsFor(endpoint, operator);
  return {
    operator: clients,
    endpoint,
    streamOf: (tableName) => readAll(child, tableName),
    async kill() {
      child.kill("SIGKILL");
      await ended;
      clients.destroy();
    },
  };
}

let nextId = 1;

async function readAll(child: ChildProcess, tableName: string): Promise<StreamRecord[]> {
  const records: StreamRecord[] = [];
  for (;;) {
    const page = await readPage(child, tableName, records.at(-1)?.dynamodb.SequenceNumber ?? null);
    if (page.length === 0) return records;
    records.push(...page);
  }
}

function readPage(child: ChildProcess, tableName: string, after: string | null): Promise<readonly StreamRecord[]> {
  const id = nextId++;
  return new Promise((resolve) => {
    const listen = (message: { id?: number; records?: readonly StreamRecord[] }): void => {
      if (message.id !== id) return;
      child.off("message", listen);
      resolve(message.records ?? []);
    };
    child.on("message", listen);
    child.send({ id, tableName, after });
  });
}
