import { afterAll, beforeAll, expect, it } from "vitest";
import { itemOfResource } from "../../lib/aws/connection-item.ts";
import { createConnectionStore } from "../../lib/aws/connection-store.ts";
import { text } from "../../lib/aws/item.ts";
import { itemOfRun } from "../../lib/aws/run-item.ts";
import { createRunStore } from "../../lib/aws/run-store.ts";
import { Table } from "../../lib/aws/table.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import type { TableName } from "../../lib/engine/names.ts";
import { SeededRandom, VirtualClock } from "../support/memory/clock.ts";
import { resourceOf, runOf } from "../support/port-values.ts";
import { freshOwner, ownerOf } from "../support/port-suite/opened.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

let services: TestServices;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => services.stop());

function tableOf(name: TableName): Table {
  const world = { clock: new VirtualClock(), random: new SeededRandom(1) };
  return new Table(tableNameFor(stage, name), () => services.dynamo, world);
}

it("a resource state that nobody can read does not keep the others from being due", async () => {
  const table = tableOf("connections");
  const { partner } = freshOwner();
  const faults: unknown[] = [];
  const store = createConnectionStore(table, { error: (_message, fields) => faults.push(fields) });
  const good = resourceOf(ownerOf(partner, 1), { nextDueMs: 2_000 });
  await store.createResource(good);
  await table.create({ ...itemOfResource(resourceOf(ownerOf(partner, 2), { nextDueMs: 1_000 })), body: text("{}") });

  expect(await store.due(partner, 3_000, 10)).toEqual([good]);
  expect(faults).toHaveLength(1);
});

it("a run that nobody can read does not keep the others from being found", async () => {
  const table = tableOf("runs");
  const { partner } = freshOwner();
  const faults: unknown[] = [];
  const store = createRunStore(table, { error: (_message, fields) => faults.push(fields) });
  const good = runOf(ownerOf(partner, 1), { nextLookMs: 2_000 });
  await store.create(good);
  await table.create({ ...itemOfRun(runOf(ownerOf(partner, 2), { nextLookMs: 1_000 })), body: text("not JSON") });

  expect(await store.standingStill(partner, 3_000, 10)).toEqual([good]);
  expect(faults).toHaveLength(1);
});
