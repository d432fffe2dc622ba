import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createPorts } from "../../../lib/aws/ports.ts";
import { makeConnectionId } from "../../../lib/engine/connection-id.ts";
import { tableNameFor } from "../../../lib/engine/names.ts";
import { registryOf } from "../../../lib/engine/registry.ts";
import { seal } from "../../../lib/engine/seal.ts";
import { startLocalStack } from "../../../lib/local/stack.ts";
import type { LocalStack } from "../../../lib/local/stack.ts";
import { createApp } from "../../../lib/stacks/index.ts";
import { startClient } from "./client-process.ts";
import type { ClientProcess } from "./client-process.ts";
import { watchRecords } from "./record-watch.ts";
import type { RecordWatch } from "./record-watch.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";
import config, { unlimitedStripe, unlimitedTwin } from "./unlimited-config.ts";
import { environmentAt, webhookSecret } from "./webhook-world.ts";

const stage = "bench";
/** Of the lane that is served by few workers; the other one has as many as a deployed stack. */
export const fewWorkers = 2;
/** Enough that none is ended to make room for another: starting one takes longer than a hundred webhooks. */
const processesMax = 24;

export interface PipelineWorld {
  readonly stack: LocalStack;
  readonly client: ClientProcess;
  readonly records: RecordWatch;
  /** A table of the same keys for the bare loop: what is put there goes into no index and no stream. */
  readonly bareTable: string;
  /** A queue beside the stack's own, for the bare loop. */
  readonly bareQueueUrl: string;
  /** Where the webhooks of a partner go that few workers serve, and of one that is served as deployed. */
  readonly webhookUrls: { readonly few: string; readonly deployed: string };
  stop(): Promise<void>;
}

/** The synthesised stack on this machine with one connection, its limits lifted, and the world outside of it. */
export async function openPipelineWorld(): Promise<PipelineWorld> {
  const { path: folder, remove } = makeTemporaryFolder();
  const stoppers: (() => Promise<void>)[] = [async () => remove()];
  const stop = async (): Promise<void> => {
    for (const each of stoppers.toReversed()) await each();
  };
  try {
    const cdkOutDir = synthesise(join(folder, "cdk.out"));
    const client = await startClient();
    stoppers.push(() => client.stop());
    const stack = await startLocalStack({
      cdkOutDir,
      dataDir: join(folder, "data"),
      httpPort: 0,
      processesMax,
      extraEnvironment: { SLUICE_SANDBOX_HOSTS: JSON.stringify({ "api.stripe.com": client.partnerUrl }) },
    });
    stoppers.push(() => stack.stop());
    const webhookUrls = {
      few: await connect(stack, unlimitedStripe.name),
      deployed: await connect(stack, unlimitedTwin.name),
    };
    return {
      stack,
      client,
      records: watchRecords(stack.services, tableNameFor(stage, "records")),
      bareTable: tableNameFor(stage, "audit"),
      bareQueueUrl: await createBareQueue(stack),
      webhookUrls,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The stack as it is deployed, but for the throttle of its routes, as 200 webhooks a second would be all that is
 * measured, and but for the workers of one partner's lanes.
 */
function synthesise(outdir: string): string {
  const configPath = fileURLToPath(new URL("unlimited-config.ts", import.meta.url));
  createApp({ config, configPath, stage, app: { outdir } }).synth();
  change(outdir, /"Throttling(Rate|Burst)Limit": ?\d+/g, '"Throttling$1Limit": 100000');
  change(outdir, /"MaximumConcurrency": ?\d+/g, `"MaximumConcurrency": ${fewWorkers}`, unlimitedStripe.name);
  return outdir;
}

/** In the templates whose file's name holds `of`. @throws when there is nothing to change */
function change(outdir: string, what: RegExp, into: string, of = ""): void {
  const files = readdirSync(outdir).filter(
    (name) => name.endsWith(".template.json") && name.toLowerCase().includes(of),
  );
  const changed = files.filter((name) => {
    const before = readFileSync(join(outdir, name), "utf8");
    const after = before.replaceAll(what, into);
    writeFileSync(join(outdir, name), after);
    return after !== before;
  });
  if (changed.length === 0) throw new Error(`no template has ${what}`);
}

/** A connection with nothing to import: its webhooks, whose address this answers, are all that happens. */
async function connect({ url, services, model }: LocalStack, partner: string): Promise<string> {
  // The SDK's clients read the operator's credentials where every function reads its own.
  process.env["AWS_ACCESS_KEY_ID"] = services.operator.accessKeyId;
  process.env["AWS_SECRET_ACCESS_KEY"] = services.operator.secretAccessKey;
  const keyId = model.keys[0]?.arn ?? "";
  const environment = { ...environmentAt(services.endpoint), SLUICE_STAGE: stage, SLUICE_KEY_ID: keyId };
  const ports = createPorts(environment, registryOf(config.partners));
  const secret = await ports.partnerSecrets.read(partner);
  if (secret === null) throw new Error("the partner's secret is not there");
  const connectionId = makeConnectionId(partner, secret.connectionKey, ports.random);
  const nowMs = ports.clock.nowMs();
  await ports.connections.create({
    partner,
    connectionId,
    tenantId: "tenant-1",
    name: "Bench",
    account: null,
    settings: {},
    status: "active",
    sealedWebhookSecret: seal(webhookSecret, secret.connectionKey, `${partner}#${connectionId}`),
    revision: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  });
  await ports.credentials.replace({ partner, connectionId }, null, { apiKey: "sk_test_bench" });
  return `${url}/webhooks/${partner}/${connectionId}`;
}

async function createBareQueue({ services, model }: LocalStack): Promise<string> {
  const client = new SQSClient({ endpoint: services.endpoint, region: model.region, credentials: services.operator });
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: "bench-bare" }));
  client.destroy();
  if (QueueUrl === undefined) throw new Error("the queue has no URL");
  return QueueUrl;
}
