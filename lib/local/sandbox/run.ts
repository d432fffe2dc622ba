import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AppendLog } from "./append-log.ts";
import { systemClock, type SandboxClock } from "./clock.ts";
import { createControls } from "./controls.ts";
import type { SandboxDefinition } from "./definition.ts";
import { IdempotencyKeys } from "./idempotency-keys.ts";
import { Journal } from "./journal.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { Ledger } from "./ledger.ts";
import { Limiter } from "./limiter.ts";
import { Misbehaviour } from "./misbehaviour.ts";
import { ObjectStore } from "./object-store.ts";
import { createRandom } from "./random.ts";
import { listen } from "./server.ts";
import { WebhookSender } from "./webhook-sender.ts";

export interface SandboxOptions {
  /** Each sandbox keeps its journal in a folder of its own name below this one, and goes on from it. */
  readonly dataDir: string;
  readonly clock?: SandboxClock;
  /** The seed of everything that is left to chance. */
  readonly seed?: string;
  /** Ports by sandbox name; any free one otherwise. */
  readonly ports?: Readonly<Record<string, number>>;
}

export interface RunningSandboxes {
  /** From the partners' real host names to the loopback addresses that stand for them. */
  readonly table: Readonly<Record<string, string>>;
  /** The same addresses by sandbox name, for the control endpoints. */
  readonly addresses: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Starts the sandboxes on loopback. Throws when a folder's journal is not readable or a port is taken; none is left
 * running then.
 *
 * @example
 * const sandboxes = await startSandboxes([stripe], { dataDir: ".sluice-partners" });
 * await fetch(`${sandboxes.table["api.stripe.com"]}/v1/charges`, { headers: { authorization: "Bearer sk_test_example" } });
 */
export async function startSandboxes(
  definitions: readonly SandboxDefinition[],
  options: SandboxOptions,
): Promise<RunningSandboxes> {
  const running: { definition: SandboxDefinition; url: string; stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const sandbox of running) await sandbox.stop();
  };
  try {
    for (const definition of definitions) running.push({ definition, ...(await startOne(definition, options)) });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    table: Object.fromEntries(running.flatMap(({ definition, url }) => definition.hosts.map((host) => [host, url]))),
    addresses: Object.fromEntries(running.map(({ definition, url }) => [definition.name, url])),
    stop,
  };
}

async function startOne(
  definition: SandboxDefinition,
  options: SandboxOptions,
): Promise<{ url: string; stop(): Promise<void> }> {
  const { name } = definition;
  const clock = options.clock ?? systemClock();
  const dataDir = join(options.dataDir, name);
  mkdirSync(dataDir, { recursive: true });
  const log = new AppendLog(join(dataDir, "journal.jsonl"));
  const objects = new ObjectStore(definition.keepNewest);
  const ledger = new Ledger();
  const limiter = new Limiter();
  const idempotencyKeys = new IdempotencyKeys();
  const record = (entry: JournalEntry) => journal.record(entry);
  const sender = new WebhookSender({ clock, record });
  const journal = new Journal(log, [objects, ledger, limiter, idempotencyKeys, sender]);
  try {
    journal.replay();
    ledger.settleAfterKill();
    const random = createRandom(`${options.seed ?? "sluice"} ${name}`);
    const misbehaviour = new Misbehaviour(createRandom(`${options.seed ?? "sluice"} ${name} misbehaviour`));
    const sandbox = definition.create({
      clock,
      random,
      dataDir,
      objects,
      idempotencyKeys,
      record,
      pendingWebhooks: () => sender.pendingCount,
    });
    const control = createControls({ name, clock, journal, ledger, objects, misbehaviour, sender }, sandbox.controls);
    const server = await listen(
      { clock, sandbox, ledger, limiter, misbehaviour, control, record },
      options.ports?.[name] ?? 0,
    );
    sender.start(sandbox.sign);
    const stop = async () => {
      sender.stop();
      await server.stop();
      log.close();
    };
    return { url: server.url, stop };
  } catch (error) {
    log.close();
    throw error;
  }
}
