import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { apiSecretNameFor, partnerSecretNameFor } from "../../engine/names.ts";
import { startUserIssuer } from "../users/user-issuer.ts";
import type { SandboxDefinition } from "../sandbox/definition.ts";
import { startSandboxes } from "../sandbox/run.ts";
import { startLocalStack } from "../stack.ts";
import type { LocalStack } from "../stack.ts";
import type { Onlooker } from "../onlooker.ts";
import { findSandboxes } from "./find-sandboxes.ts";
import { readApiKey } from "./read-api-key.ts";
import { registerApp } from "./register-app.ts";
import { SandboxClient } from "./sandbox-client.ts";

export interface WorldOptions {
  /** The synthesised stacks. */
  readonly cdkOutDir: string;
  /** The stage that they were synthesised for. */
  readonly stage: string;
  /** Everything that Sluice keeps: the services' state, logs. What the sandboxes keep in the partners' stead lies beside it. */
  readonly dataDir: string;
  /** Zero takes whichever is free. */
  readonly port: number;
  readonly sandboxes: boolean;
  /** Sees all that functions say. */
  readonly onlooker?: Onlooker;
}

/** A partner that a demonstration or a smoke run plays with: its sandbox and how to steer it. */
export interface PlayPartner {
  readonly name: string;
  readonly demo: SandboxDefinition["demo"];
  readonly client: SandboxClient;
}

/** The local stack with the partners' sandboxes beside it. */
export interface World {
  readonly stack: LocalStack;
  readonly partners: readonly PlayPartner[];
  readonly apiKey: string;
  /** Where tokens of users are issued: `POST /token` with a role. */
  readonly usersUrl: string;
  /** Fires every schedule of the stack once, so that nobody waits for its time. */
  fireSchedules(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the sandboxes, and the stack that calls them in the partners' place. */
export async function openWorld(options: WorldOptions): Promise<World> {
  mkdirSync(options.dataDir, { recursive: true });
  const definitions = options.sandboxes ? await findSandboxes() : [];
  const sandboxes = await startSandboxes(definitions, { dataDir: partnersDirOf(options.dataDir) });
  const users = await startUserIssuer({ dataDir: options.dataDir });
  const stopAround = async (): Promise<void> => {
    await users.stop();
    await sandboxes.stop();
  };
  try {
    const stack = await startLocalStack({
      cdkOutDir: options.cdkOutDir,
      dataDir: join(options.dataDir, "stack"),
      httpPort: options.port,
      onlooker: options.onlooker,
      extraEnvironment: {
        SLUICE_SANDBOX_HOSTS: JSON.stringify({ ...sandboxes.table, [users.host]: users.url }),
        SLUICE_USERS: JSON.stringify(users.pool),
      },
    });
    // An adopter may have turned partners off: nothing of this stack calls their sandboxes.
    const secretNames = new Set(stack.model.secrets.map((secret) => secret.name));
    const on = definitions.filter(({ name }) => secretNames.has(partnerSecretNameFor(options.stage, name)));
    for (const { name, app } of on) {
      const address = sandboxes.addresses[name] ?? "";
      if (app !== undefined) await registerApp(stack, options.stage, { name }, { app, address });
    }
    const partners = on.map(({ name, demo }) => ({
      name,
      demo,
      client: new SandboxClient(sandboxes.addresses[name] ?? ""),
    }));
    const stop = async (): Promise<void> => {
      await stack.stop();
      await stopAround();
    };
    const fireSchedules = async (): Promise<void> => {
      await Promise.all(stack.model.schedules.map((schedule) => stack.fire(schedule.name)));
    };
    return {
      stack,
      partners,
      fireSchedules,
      apiKey: await readApiKey(stack.services, apiSecretNameFor(options.stage)),
      usersUrl: users.url,
      stop,
    };
  } catch (error) {
    await stopAround();
    throw error;
  }
}

/** Forgets everything that a former world left, its partners too. */
export function forgetWorld(dataDir: string): void {
  for (const folder of [dataDir, partnersDirOf(dataDir)]) rmSync(folder, { recursive: true, force: true });
}

/** Partners keep what they have when we erase ours, so that theirs must not be found among it. */
function partnersDirOf(dataDir: string): string {
  return `${dataDir}-partners`;
}
