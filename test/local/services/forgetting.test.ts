import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openDocumentStore } from "../../../lib/local/services/state/document-store.ts";
import { createCallGate } from "../../../lib/local/services/tables/call-gate.ts";
import { openDynalite } from "../../../lib/local/services/tables/dynalite.ts";
import { settleFiles } from "../../../lib/local/services/tables/fresh-files.ts";
import { openWriteJournal } from "../../../lib/local/services/tables/write-journal.ts";
import type { Intent } from "../../../lib/local/services/tables/write-journal.ts";
import { findBytes } from "../support/find-bytes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

const TableName = "people";
const name = { AttributeName: "pk", AttributeType: "S" };

async function openPeople(folder: string) {
  const dynalite = await openDynalite(folder, "000000000000", "us-east-1");
  const put = (pk: string, word: string) =>
    dynalite.call("PutItem", { TableName, Item: { pk: { S: pk }, word: { S: word } } });
  const read = async (pk: string) => (await dynalite.call("GetItem", { TableName, Key: { pk: { S: pk } } }))["Item"];
  return { dynalite, put, read };
}

test.each<[string, (word: Buffer) => Buffer]>([
  ["as it is", (word) => word],
  ["in hexadecimal", (word) => Buffer.from(word.toString("hex"))],
  ["in base64, one byte in", (word) => Buffer.from(Buffer.concat([Buffer.from("."), word]).toString("base64"))],
  ["in base64, two bytes in", (word) => Buffer.from(Buffer.concat([Buffer.from(".."), word]).toString("base64"))],
  ["compressed", (word) => gzipSync(word)],
  ["compressed and in base64", (word) => Buffer.from(`{"B":"${gzipSync(word).toString("base64")}"}`)],
])("the search finds a word %s", (_how, write) => {
  const folder = temporaryFolder();
  const bytes = Buffer.concat([Buffer.from("before "), write(Buffer.from("ada@example.com")), Buffer.from(" after")]);
  writeFileSync(join(folder, "file"), bytes);
  expect(findBytes(folder, ["ada@example.com", "bob@example.com"])).toMatchObject([{ word: "ada@example.com" }]);
});

test("of what was deleted or overwritten in a table no byte stays, key or value, and the rest stays as it was", async () => {
  const folder = join(temporaryFolder(), "tables");
  const { dynalite, put, read } = await openPeople(folder);
  const KeySchema = [{ AttributeName: "pk", KeyType: "HASH" }];
  await dynalite.call("CreateTable", {
    TableName,
    KeySchema,
    AttributeDefinitions: [name],
    BillingMode: "PAY_PER_REQUEST",
  });
  const isThere = () =>
    put("first", "first").then(
      () => true,
      () => false,
    );
  await waitUntil("the table to be active", isThere);
  await put("id-of-ada", "ada@example.com");
  await put("id-of-bob", "bob@before.example.com");
  // Once into files of its own, so that what is deleted later lies in others.
  await dynalite.forgetOldValues();
  await put("id-of-cleo", "cleo@example.com");
  await put("id-of-bob", "bob@after.example.com");
  for (const pk of ["id-of-ada", "id-of-cleo"])
    await dynalite.call("DeleteItem", { TableName, Key: { pk: { S: pk } } });
  const erased = ["id-of-ada", "ada@example.com", "id-of-cleo", "cleo@example.com", "bob@before.example.com"];
  expect(new Set(findBytes(folder, erased).map(({ word }) => word))).toEqual(new Set(erased));

  // Nobody who calls meanwhile is turned away.
  const [, , bob] = await Promise.all([dynalite.forgetOldValues(), put("id-of-dan", "dan"), read("id-of-bob")]);
  expect(findBytes(folder, erased)).toEqual([]);
  expect(bob).toEqual({ pk: { S: "id-of-bob" }, word: { S: "bob@after.example.com" } });
  await dynalite.close();

  const again = await openPeople(folder);
  expect(await again.read("id-of-dan")).toMatchObject({ word: { S: "dan" } });
  expect(await again.read("id-of-ada")).toBeUndefined();
  await again.dynalite.close();
});

test.each([
  ["the new files were not whole", ["tables", "tables.next"], "tables"],
  ["the old files had stepped aside", ["tables.former", "tables.next"], "tables.next"],
  ["the new files were in place", ["tables", "tables.former"], "tables"],
  ["the old files alone were left", ["tables.former"], "tables.former"],
])("killed when %s, the next start finds whole files and nothing beside them", (_when, there, wanted) => {
  const folder = temporaryFolder();
  for (const each of there) {
    mkdirSync(join(folder, each));
    writeFileSync(join(folder, each, each), "");
  }
  settleFiles(join(folder, "tables"));
  expect(existsSync(join(folder, "tables", wanted))).toBe(true);
  renameSync(join(folder, "tables"), join(folder, "seen"));
  expect(there.filter((each) => existsSync(join(folder, each)))).toEqual([]);
});

test("who works alone waits for the calls under way, and who comes meanwhile waits for it", async () => {
  const gate = createCallGate();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const begun = gate.through(() => first.promise.then(() => void order.push("a call")));
  const alone = [1, 2].map((turn) =>
    gate.alone(async () => {
      order.push(`alone ${turn}`);
      await second.promise;
    }),
  );
  const late = gate.through(async () => void order.push("a late call"));
  expect(order).toEqual([]);
  first.resolve();
  await begun;
  second.resolve();
  await Promise.all([...alone, late]);
  expect(order.slice(0, 2)).toEqual(["a call", "alone 1"]);
  expect(order.slice(2).toSorted()).toEqual(["a late call", "alone 2"]);
  await expect(gate.through(() => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  await gate.alone(async () => void order.push("after a refusal"));
  expect(order.at(-1)).toBe("after a refusal");
});

test("what every reader of a stream has had goes from its log without a trace, and what is to come stays", () => {
  const folder = temporaryFolder();
  const journal = openWriteJournal(join(folder, "writes.db"), () => 0);
  const write = (tableName: string, word: string): number => {
    const key = { pk: { S: word } };
    const intent: Intent = {
      tableName,
      operation: "PutItem",
      input: { Item: key },
      key,
      oldImage: { was: { S: `before ${word}` } },
      byTimeToLive: false,
    };
    const [sequence = 0] = journal.begin([intent]);
    journal.complete([{ sequence, newImage: key }]);
    return sequence;
  };
  const told = write("people", "told-of-ada");
  const waiting = write("people", "waiting-bob");
  write("others", "of-another-table");
  journal.forget(new Map([["people", told]]));
  expect(findBytes(folder, ["told-of-ada"])).toEqual([]);
  expect(findBytes(folder, ["waiting-bob", "of-another-table"])).toHaveLength(2);
  expect(journal.newest("people")).toBe(waiting);
  expect(journal.newest("none")).toBeNull();
  expect(journal.read("people", "arn", null, 9).map(({ dynamodb }) => Number(dynamodb.SequenceNumber))).toEqual([
    waiting,
  ]);
  journal.close();
});

test("a document that was removed or replaced leaves no trace in its file or beside it", () => {
  const folder = temporaryFolder();
  const store = openDocumentStore(join(folder, "documents.db"));
  for (let number = 0; number < 50; number++) store.put("kind", `id-${number}-of-ada`, { email: "ada@example.com" });
  store.put("kind", "replaced", { email: "ada@example.com" });
  expect(findBytes(folder, ["ada@example.com", "id-7-of-ada"]).length).toBeGreaterThan(1);
  for (let number = 0; number < 50; number++) store.remove("kind", `id-${number}-of-ada`);
  store.put("kind", "replaced", { email: null });
  store.forgetRemoved();
  expect(findBytes(folder, ["ada@example.com", "id-7-of-ada"])).toEqual([]);
  expect(store.get("kind", "replaced")).toEqual({ email: null });
  store.close();
});
