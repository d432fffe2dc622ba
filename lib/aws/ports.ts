import { askedTogether } from "../engine/gate/asked-together.ts";
import { createSharedGate } from "../engine/gate/shared-gate.ts";
import { CallTallies } from "../engine/call-tallies.ts";
import { tableNameFor } from "../engine/names.ts";
import type { TableName } from "../engine/names.ts";
import type { Clock, GateGauge, LaneGauge, PartnerRegistry, Ports, Random } from "../engine/ports.ts";
import type { ApiKeys } from "../engine/api-key.ts";
import type { AuditReader } from "../engine/audit-reader.ts";
import type { CredentialSeals } from "../engine/credential-seals.ts";
import type { Eraser } from "../engine/erasure.ts";
import { createApiKeyStore } from "./api-key-store.ts";
import type { RecordScope } from "../engine/record.ts";
import { retentionOf } from "../engine/retention.ts";
import { createAuditLog } from "./audit-log.ts";
import { createBucket, createClaimChecks } from "./claim-checks.ts";
import type { Bucket } from "./claim-checks.ts";
import { createChangeBus } from "./change-bus.ts";
import { createClients } from "./clients.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { createConnectionStore } from "./connection-store.ts";
import { createControlStore } from "./control-store.ts";
import { createCredentialAttempts } from "./credential-attempts.ts";
import { createCredentialSeals } from "./credential-seals.ts";
import { createCredentials } from "./credentials.ts";
import { createDeliveries } from "./deliveries.ts";
import { readEnvironment } from "./environment.ts";
import type { Environment, EnvironmentSource } from "./environment.ts";
import { createEraser } from "./eraser.ts";
import { createFailureStore } from "./failure-store.ts";
import { createGateItems } from "./gate-items.ts";
import { createHistoryStore } from "./history-store.ts";
import { createLanes } from "./lanes.ts";
import { createLeases } from "./leases.ts";
import { createLog } from "./log.ts";
import type { InvocationLog } from "./log.ts";
import type { BufferedMetrics } from "./metric-buffer.ts";
import { createMetrics } from "./metrics.ts";
import { createParkedJobs } from "./parked-jobs.ts";
import { createPartnerSecrets } from "./partner-secrets.ts";
import { createRecordStore } from "./record-store.ts";
import { createRunStore } from "./run-store.ts";
import { Table } from "./table.ts";
import { standInOf } from "./sandbox-hosts.ts";
import { createTransport } from "./transport.ts";

/** The ports, and what a handler does with two of them around each invocation. */
export interface AwsPorts extends Ports {
  readonly environment: Environment;
  readonly bucket: Bucket;
  readonly eraser: Eraser;
  readonly audit: Ports["audit"] & AuditReader;
  readonly keys: ApiKeys;
  readonly seals: CredentialSeals;
  readonly gate: Ports["gate"] & GateGauge;
  readonly lanes: Ports["lanes"] & LaneGauge;
  readonly log: InvocationLog;
  readonly metrics: BufferedMetrics;
}

/**
 * Every port on the real services, made once an execution environment. Throws `EnvironmentError` when a variable is
 * missing or malformed; makes no call by itself.
 *
 * @example const ports = createPorts(process.env, registryOf(config.partners));
 */
export function createPorts(
  source: EnvironmentSource,
  partners: PartnerRegistry,
  world: { readonly clock: Clock; readonly random: Random } = { clock: systemClock, random: systemRandom },
): AwsPorts {
  const environment = readEnvironment(source);
  const { stage, keyId, claimBucket } = environment;
  const { clock, random } = world;
  const clients = createClients(environment);
  const table = (name: TableName): Table => new Table(tableNameFor(stage, name), clients.dynamo, world);
  const bucket = createBucket(claimBucket, clients.s3);
  const claims = createClaimChecks(bucket);
  const connections = table("connections");
  const tokens = table("token-buckets");
  const runs = table("runs");
  const log = createLog();
  const kept = (scope: RecordScope) => retentionOf(partners, environment.retention, scope);
  const [records, history, failures] = [table("records"), table("history"), table("failures")];
  const idempotency = table("idempotency");
  const erased = { connections, records, history, runs, failures, idempotency, tokens };
  return {
    environment,
    bucket,
    clock,
    random,
    partners,
    claims,
    deliveries: createDeliveries(idempotency),
    transport: createTransport(environment.sandboxHosts),
    browserUrl: (url) => standInOf(url, environment.sandboxHosts)?.href ?? url,
    gate: askedTogether(createSharedGate({ items: createGateItems(tokens), clock, random }), clock),
    lanes: createLanes(environment, clients.sqs),
    runs: createRunStore(runs, log),
    control: createControlStore(runs, clock),
    parked: createParkedJobs({ table: runs, claims, random }),
    tallies: new CallTallies(),
    records: createRecordStore({ table: records, bucket, clock, retentionOf: kept }),
    history: createHistoryStore({ table: history, bucket, retentionOf: kept }),
    events: createChangeBus(stage, clients.events),
    connections: createConnectionStore(connections, log),
    credentials: createCredentials({ table: connections, kms: clients.kms, keyId, clock }),
    seals: createCredentialSeals({ table: connections, kms: clients.kms, keyId }),
    attempts: createCredentialAttempts(connections),
    leases: createLeases(tokens, clock),
    partnerSecrets: createPartnerSecrets(stage, clients.secretsManager, clock),
    failures: createFailureStore({ table: failures, claims, partners }),
    audit: createAuditLog(table("audit")),
    keys: createApiKeyStore(connections, clock),
    eraser: createEraser({ tables: erased, bucket }),
    log,
    metrics: createMetrics(),
  };
}
