import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { flowCalls } from "../../lib/engine/cost/flow-calls.ts";
import type { Assumptions, FlowName } from "../../lib/engine/cost/flow-calls.ts";
import { passPageCalls } from "../../lib/engine/cost/import-calls.ts";
import type { Amounts, Priced } from "../../lib/engine/cost/price-list.ts";
import { accessLineGb } from "../../lib/engine/cost/log-lines.ts";
import { pageSize } from "./support/cost-partner.ts";
import { CostWorld } from "./support/cost-world.ts";
import type { Counted, Measured } from "./support/metered-services.ts";

const things = 40;
const quiet = { batch: 1, pollers: 5, recordKb: 1 } as const;
const minuteMs = 60_000;

let world: CostWorld;
beforeAll(async () => {
  world = await CostWorld.open();
  await world.setUp(async () => {
    for (let index = 0; index < things; index++) set(`thing-${index}`, "a", 1);
    await world.fanOutMinute();
    await world.consume("imports");
    await controlMinute();
  });
});
afterAll(async () => world.stop());
beforeEach(() => {
  // Nothing of the minute before is still kept.
  world.clock.advance(minuteMs);
  world.answersMs = [80];
});

/** A thing whose record is so large as JSON. */
function set(id: string, letter: string, recordKb: number): void {
  world.things.set(id, letter.repeat(recordKb * 1_024 - JSON.stringify({ note: "" }).length));
}

/** As it is where several functions call for one account: each finds the gate as another has left it. */
async function callAmongOthers(): Promise<void> {
  await world.callElsewhere();
  await world.ingest(["thing-1"]);
  await workWebhooks();
  await world.callElsewhere();
}

/** What each function of an import does, in its turn. */
async function importMinute(): Promise<void> {
  await world.fanOutMinute();
  await world.publish();
  await world.consume("imports");
  await world.publish();
}

/** The same of imports, up to the moment when the next is due; a full pass comes every fifth time. */
async function importAmongOthers(): Promise<void> {
  world.changes = [];
  await world.setUp(async () => {
    await world.callElsewhere();
    world.clock.advance(4 * minuteMs);
    await importMinute();
    await world.callElsewhere();
  });
  world.clock.advance(5 * minuteMs);
}

async function controlMinute(): Promise<void> {
  await world.controlMinute();
  await world.consume("webhooks");
  await world.consume("imports");
}

async function workWebhooks(): Promise<void> {
  await world.consume("webhooks");
  await world.publish();
}

/** Durations are assumed. */
const notCounted: readonly Priced[] = ["lambdaGbSeconds"];

interface Options {
  readonly assumptions?: Assumptions;
  readonly plus?: readonly Amounts[];
  readonly but?: Priced;
}

/** The lines that differ from the model's by more than a twentieth, or that only one of the two has. */
function differences({ counted, calls }: Measured, flows: readonly FlowName[], options: Options = {}): string[] {
  const table = flowCalls(options.assumptions ?? quiet);
  const modelled = sumOf([...flows.map((flow) => table[flow].calls), ...(options.plus ?? [])]);
  const lines = [...new Set([...keysOf(counted), ...keysOf(modelled)])];
  return lines.flatMap((line) => {
    const [is, says] = [counted[line] ?? 0, modelled[line] ?? 0];
    if (notCounted.includes(line) || line === options.but || Math.abs(says - is) <= 0.05 * is + 1e-12) return [];
    return [`${is} ${line} were counted, the model says ${says}. The calls: ${calls.join(", ")}`];
  });
}

function sumOf(all: readonly Amounts[]): Counted {
  const sum: Counted = {};
  for (const amounts of all) for (const line of keysOf(amounts)) sum[line] = (sum[line] ?? 0) + (amounts[line] ?? 0);
  return sum;
}

// Object.keys forgets which names an object has.
const keysOf = (amounts: Amounts) => Object.keys(amounts) as Priced[];

test("a partner's minute in which nothing is due, and its control with a canary on each lane", async () => {
  expect(differences(await world.measure(() => world.fanOutMinute()), ["look"])).toEqual([]);
  expect(differences(await world.measure(controlMinute), ["control"])).toEqual([]);
});

test("an import of changes that finds none, and one that finds some", async () => {
  await importAmongOthers();
  expect(differences(await world.measure(importMinute), ["look", "run"])).toEqual([]);
  await world.setUp(() => world.callElsewhere());
  world.clock.advance(5 * minuteMs);
  world.changes = Array.from({ length: pageSize }, (_, index) => `thing-${index}`);
  for (const id of world.changes) set(id, "b", 1);
  const plus = Array.from({ length: pageSize }, () => flowCalls(quiet).found.calls);
  expect(differences(await world.measure(importMinute), ["look", "run", "changedRun"], { plus })).toEqual([]);
});

test("a full pass over what stands still", async () => {
  await importAmongOthers();
  world.answersMs = [500, 1_500];
  const page = passPageCalls({ things: pageSize, seconds: 1 });
  const plus = Array.from({ length: things / pageSize }, () => page);
  // The run's own lines have the control and the gate for its first call.
  const first = { dynamoReads: -1, dynamoWrites: -1 };
  expect(differences(await world.measure(importMinute), ["look", "run", "pass"], { plus: [...plus, first] })).toEqual(
    [],
  );
});

test("a webhook that changes nothing: the first of its minute, and any other", async () => {
  const accessLine = { logGb: -accessLineGb };
  const first = { plus: [accessLine, { dynamoReads: 1 }] };
  await world.setUp(callAmongOthers);
  world.clock.advance(minuteMs);
  const received = await world.measure(() => world.ingest(["thing-1"]));
  expect(differences(received, ["webhook", "partnerMinute"], first)).toEqual([]);
  expect(differences(await world.measure(workWebhooks), ["work"], { plus: [{ dynamoReads: 1, keyCalls: 1 }] })).toEqual(
    [],
  );
  const minute = flowCalls(quiet).connectionMinute.calls;
  expect(minute).toEqual({ dynamoReads: 2, keyCalls: 1 });
  expect(
    differences(await world.measure(() => world.ingest(["thing-1"])), ["webhook"], { plus: [accessLine] }),
  ).toEqual([]);
  await world.setUp(() => world.callElsewhere());
  world.clock.advance(6_000);
  expect(differences(await world.measure(workWebhooks), ["work"])).toEqual([]);
});

test("a webhook that is remembered, and one that is played again", async () => {
  const worked = async (delivery?: string): Promise<Counted> => {
    await world.setUp(() => world.ingest(["thing-1"], delivery));
    world.clock.advance(6_000);
    return (await world.measure(workWebhooks)).counted;
  };
  // What is kept for a moment, or a minute, is kept from here on.
  for (let time = 0; time < 2; time++) await worked();
  const [plain, first, again] = [await worked(), await worked("delivery-1"), await worked("delivery-1")];
  const { dynamoReads, dynamoWrites } = flowCalls(quiet).remembered.calls;
  expect([first.dynamoReads, first.dynamoWrites]).toEqual([
    (plain.dynamoReads ?? 0) + dynamoReads,
    (plain.dynamoWrites ?? 0) + dynamoWrites,
  ]);
  // Its partner's control, its connection and the mark: no call is made, and nothing is written.
  expect([again.dynamoReads, again.dynamoWrites ?? 0]).toEqual([3, 0]);
});

test("ten webhooks at once", async () => {
  await world.setUp(async () => {
    await callAmongOthers();
    for (let index = 0; index < 10; index++) await world.ingest([`thing-${index + 20}`]);
    world.clock.advance(6_000);
  });
  const measured = await world.measure(workWebhooks);
  const ten = Array.from({ length: 10 }, () => flowCalls({ ...quiet, batch: 10 }).work.calls);
  // How many turns ten take to ask the gate is a matter of milliseconds.
  expect(differences(measured, [], { plus: ten, but: "dynamoWrites" })).toEqual([]);
  expect(measured.counted.dynamoWrites).toBeLessThanOrEqual(3);
});

test.each([1, 3])("a webhook that changes a record of %i KB", async (recordKb) => {
  const assumptions = { ...quiet, recordKb };
  await world.setUp(async () => {
    await callAmongOthers();
    set("thing-1", `${recordKb}`, recordKb);
    await world.ingest(["thing-1"]);
    world.clock.advance(6_000);
  });
  expect(differences(await world.measure(workWebhooks), ["work", "change"], { assumptions })).toEqual([]);
});
