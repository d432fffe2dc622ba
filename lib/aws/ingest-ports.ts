import * as z from "zod";
import { partnerSecretNameFor, tableNameFor } from "../engine/names.ts";
import type { Clock, Connection, PartnerRegistry, PartnerSecret, Ports, Random } from "../engine/ports.ts";
import { claimKeyOf } from "./claim-key.ts";
import { systemClock, systemRandom } from "./clock.ts";
import { connectionKey } from "./connection-item.ts";
import { readEnvironment } from "./environment.ts";
import type { Environment, EnvironmentSource } from "./environment.ts";
import { connectionIn } from "./erasure-item.ts";
import { ExpiringCache } from "./expiring-cache.ts";
import type { Item } from "./item.ts";
import { createLineTelemetry } from "./line-telemetry.ts";
import type { LineTelemetry } from "./line-telemetry.ts";
import { BadSecret, freshSecretMs, readPartnerSecret, secretCacheBounds } from "./partner-secret.ts";
import { laneMessage } from "./queue-message.ts";
import { createSignedCalls, SignedCallError } from "./signed-calls.ts";
import type { SignedCalls } from "./signed-calls.ts";

/** What the webhook function needs of the ports, and no more: warm it makes one call, cold at most three. */
export interface IngestWorld extends LineTelemetry {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly partners: PartnerRegistry;
  readonly partnerSecrets: Ports["partnerSecrets"];
  readonly connections: Pick<Ports["connections"], "read">;
  readonly lanes: Pick<Ports["lanes"], "send">;
  readonly claims: Pick<Ports["claims"], "put">;
}

/** A connection's webhook secret is taken up within this. */
const connectionCacheBounds = { keptMs: 60_000, entriesMax: 500 };

/** Throws `EnvironmentError`; makes no call by itself, and loads neither the SDK nor Powertools. */
export function createIngestPorts(
  source: EnvironmentSource,
  partners: PartnerRegistry,
  world: { readonly clock: Clock; readonly random: Random } = { clock: systemClock, random: systemRandom },
): IngestWorld {
  const environment = readEnvironment(source);
  const calls = createSignedCalls(environment, source, world);
  const service = source["POWERTOOLS_SERVICE_NAME"] ?? "webhook-ingest";
  return {
    ...createLineTelemetry(service, source["POWERTOOLS_METRICS_NAMESPACE"] ?? "Sluice"),
    environment,
    clock: world.clock,
    partners,
    partnerSecrets: createSecrets(environment, calls, world.clock),
    connections: createConnections(environment, calls, world.clock),
    lanes: {
      async send(job, delayMs) {
        await calls.json("SQS", "SendMessage", laneMessage(environment, job, delayMs));
      },
    },
    claims: {
      async put(owner, body) {
        const key = claimKeyOf(owner, body);
        await calls.putObject(environment.claimBucket, key, body);
        return key;
      },
    },
  };
}

const SecretAnswer = z.object({ SecretString: z.string().optional() });

/** That there is no secret, or a broken one, is kept, too, if not for long: strangers may post to a partner that has none. */
function createSecrets(environment: Environment, calls: SignedCalls, clock: Clock): Ports["partnerSecrets"] {
  const cache = new ExpiringCache<PartnerSecret | null>(clock, secretCacheBounds);
  // Beside the secrets, so that one which is good goes on being used for its minute.
  const broken = new ExpiringCache<BadSecret>(clock, { ...secretCacheBounds, keptMs: freshSecretMs });
  return {
    async read(partner, options) {
      const recent = cache.get(partner, freshSecretMs);
      if (recent !== undefined) return recent;
      const kept = options?.fresh === true ? null : (cache.get(partner) ?? null);
      if (kept !== null) return kept;
      const fault = broken.get(partner);
      if (fault !== undefined) throw fault;
      const name = partnerSecretNameFor(environment.stage, partner);
      const answer = await nullIfMissing(calls.json("SECRETS_MANAGER", "GetSecretValue", { SecretId: name }));
      try {
        const secret = answer === null ? null : readPartnerSecret(name, SecretAnswer.parse(answer).SecretString);
        cache.set(partner, secret);
        return secret;
      } catch (error) {
        if (error instanceof BadSecret) broken.set(partner, error);
        throw error;
      }
    },
  };
}

const ItemAnswer = z.object({ Item: z.record(z.string(), z.custom<Item[string]>()).optional() });

function createConnections(environment: Environment, calls: SignedCalls, clock: Clock): IngestWorld["connections"] {
  const table = tableNameFor(environment.stage, "connections");
  const cache = new ExpiringCache<Connection>(clock, connectionCacheBounds);
  return {
    async read(partner, connectionId, options) {
      const cacheKey = `${partner}#${connectionId}`;
      const cached = cache.get(cacheKey, options?.fresh === true ? freshSecretMs : undefined);
      if (cached !== undefined) return cached;
      const input = { TableName: table, Key: connectionKey(partner, connectionId), ConsistentRead: true };
      const { Item } = ItemAnswer.parse(await calls.json("DYNAMODB", "GetItem", input));
      if (Item === undefined) return null;
      const connection = connectionIn(table, Item);
      if (connection === null) return null;
      cache.set(cacheKey, connection);
      return connection;
    },
  };
}

async function nullIfMissing(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof SignedCallError && error.code === "ResourceNotFoundException") return null;
    throw error;
  }
}
