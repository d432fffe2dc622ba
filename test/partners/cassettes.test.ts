import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { apiVersionOf, readCassettes, staleReason } from "../../bin/commands/record/cassette.ts";
import type { Cassette, Exchange } from "../../bin/commands/record/cassette.ts";
import { cassetteTransport } from "../../bin/commands/record/cassette-transport.ts";
import { standInCredential } from "../../bin/commands/record/stand-in-credential.ts";
import { systemClock } from "../../lib/aws/clock.ts";
import type { PartnerDriver, ResourceDriver } from "../../lib/engine/define-partner.ts";
import type { Connection, Ports } from "../../lib/engine/ports.ts";
import { fetchOne } from "../../lib/flows/fetch-one.ts";
import { importPage } from "../../lib/flows/import-page.ts";
import { TokensAhead } from "../../lib/flows/tokens-ahead.ts";
import { partners } from "../../lib/partners/index.ts";
import { createMemoryPorts } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { connectionOf, runOf } from "../support/port-values.ts";

const root = dirname(dirname(import.meta.dirname));
const drivers: readonly PartnerDriver[] = partners;
const recorded = drivers.flatMap((driver) =>
  readCassettes(root, driver.name).map(({ path, cassette }) => ({ path, driver, cassette })),
);

interface Replay {
  readonly ports: Ports;
  readonly memory: MemoryPorts;
  readonly connection: Connection;
  readonly resource: ResourceDriver;
  readonly limits: { readonly lane: "imports"; readonly deadlineMs: number };
}

async function replayOf(driver: PartnerDriver, cassette: Cassette): Promise<Replay> {
  const resource = driver.resources[cassette.resource];
  if (resource === undefined) throw new Error(`${driver.title} has no resource ${cassette.resource} any more`);
  const memory = createMemoryPorts({ partners: [driver], nowMs: Date.parse(cassette.recordedAt) });
  const connection = connectionOf({ partner: driver.name, connectionId: "replayed" });
  await memory.connections.create(connection);
  await memory.credentials.replace(connection, null, standInCredential(driver));
  // What a thing refers to (`related`) is not on its cassette: that it cannot be fetched now is not this test's matter.
  const cassettes = cassetteTransport([cassette]);
  const transport = {
    send: (request: Parameters<typeof cassettes.send>[0]) => cassettes.send(request).catch(() => lost),
  };
  const limits = { lane: "imports", deadlineMs: memory.clock.nowMs() + 30_000 } as const;
  return { ports: { ...memory, transport }, memory, connection, resource, limits };
}

const lost = { kind: "lost", reason: "network", detail: "no cassette" } as const;

async function replayPage(driver: PartnerDriver, cassette: Cassette, exchange: Exchange) {
  const { ports, memory, connection, resource, limits } = await replayOf(driver, cassette);
  const run = runOf({ partner: driver.name, connectionId: "replayed" }, { resource: cassette.resource });
  const tokens = new TokensAhead(ports, driver);
  const place = { driver, resource, connection, run, pass: null, tokens };
  const open = { kind: "open", cursor: null, handled: [] } as const;
  const outcome = await importPage(ports, place, open, { workerId: "worker", deadlineMs: limits.deadlineMs });
  const { items } = resource.page.read(exchange.answer.body, null);
  const ids = memory.records
    .all()
    .flatMap((record) => (record.resource === cassette.resource ? [record.externalId] : []));
  expect(outcome).toMatchObject({
    kind: "moved",
    progress: { fetched: items.length, created: items.length, parked: 0 },
  });
  expect(ids.toSorted()).toEqual(items.map((item) => resource.id(resource.schema.parse(item))).toSorted());
}

async function replayThing(driver: PartnerDriver, cassette: Cassette, exchange: Exchange) {
  const { ports, memory, connection, resource, limits } = await replayOf(driver, cassette);
  const source = { kind: "run", id: "replay" } as const;
  const target = { driver, connection, resource, resourceName: cassette.resource, source, trace: "replay" };
  const result = await fetchOne(ports, target, exchange.externalId ?? "", limits);
  return { result, records: memory.records.all() };
}

describe.each(recorded)("$path", ({ driver, cassette }) => {
  const ofKind = (kind: Exchange["kind"]) => cassette.exchanges.filter((exchange) => exchange.kind === kind);

  test("its page imports, nothing parked", async () => {
    expect(ofKind("page")).toHaveLength(1);
    for (const exchange of ofKind("page")) await replayPage(driver, cassette, exchange);
  });

  test("its thing becomes a record under its own id", async () => {
    for (const exchange of ofKind("one")) {
      const { result, records } = await replayThing(driver, cassette, exchange);
      expect(result).toMatchObject({ kind: "saved", counts: { created: 1, parked: 0 } });
      expect(records).toMatchObject([{ externalId: exchange.externalId, deleted: false }]);
    }
  });

  test("what is not there is gone, or refused", async () => {
    expect(ofKind("missing")).toHaveLength(1);
    for (const exchange of ofKind("missing")) {
      const { result, records } = await replayThing(driver, cassette, exchange);
      if (result.kind === "failed") expect(["client", "auth"]).toContain(result.error.kind);
      else
        expect({ result, records }).toMatchObject({ result: { counts: { deleted: 1 } }, records: [{ deleted: true }] });
    }
  });
});

test("there are cassettes, each in the folder of its partner; the stale ones are named", () => {
  expect(recorded.length).toBeGreaterThan(0);
  for (const { path, driver, cassette } of recorded) {
    expect({ path, partner: cassette.partner }).toEqual({ path, partner: driver.name });
    const reason = staleReason(cassette, driver, systemClock.nowMs());
    // Said and not failed: no test should begin to fail because time has passed.
    if (reason !== null) console.warn(`${path} is stale: ${reason}. Record it again.`);
  }
});

describe("a cassette is stale", () => {
  const driver = { headers: { "Acme-Version": "2026-01" }, baseUrl: "https://api.acme.example/v1" };
  const cassette: Cassette = {
    partner: "acme",
    resource: "orders",
    recordedAt: "2026-01-01T00:00:00.000Z",
    apiVersion: "2026-01",
    from: "partner",
    exchanges: [],
  };
  const dayMs = 86_400_000;
  const recordedMs = Date.parse(cassette.recordedAt);

  test("after 180 days, not on the last of them", () => {
    expect(staleReason(cassette, driver, recordedMs + 180 * dayMs)).toBeNull();
    expect(staleReason(cassette, driver, recordedMs + 181 * dayMs)).toBe("it was recorded 181 days ago");
  });

  test("when the driver asks for another version", () => {
    const next = { ...driver, headers: { "Acme-Version": "2026-02" } };
    expect(staleReason(cassette, next, recordedMs)).toBe("it is of API version 2026-01, the driver asks for 2026-02");
    expect(apiVersionOf({ baseUrl: "https://api.acme.example/v7" })).toBe("/v7");
  });
});
