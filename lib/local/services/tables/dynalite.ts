import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { AwsError } from "../../front-door/aws-error.ts";
import { isRecord, textOf } from "../../front-door/json-target.ts";
import { createCallGate } from "./call-gate.ts";
import { levelOptions, settleFiles, writeAfresh } from "./fresh-files.ts";
import type { LevelFiles, LevelOptions } from "./fresh-files.ts";

type Json = Readonly<Record<string, unknown>>;

/** DynamoDB's rules and storage, called in process: the same modules as dynalite's HTTP server runs, without a second server. */
export interface Dynalite {
  /** @throws {AwsError} with DynamoDB's code */
  call(operation: string, input: Json): Promise<Json>;
  /**
   * Gives a table the global indexes of a CreateTable input, made from its items; dynalite itself cannot add one. The table
   * must not be in use. Killed in between, it is the old table with some index rows missing: do it again.
   */
  replaceGlobalIndexes(tableName: string, createInput: Json): Promise<void>;
  /** Leaves nothing in the files but what the tables hold; calls wait meanwhile. Does nothing where nothing was written since. */
  forgetOldValues(): Promise<void>;
  close(): Promise<void>;
}

/** The part of dynalite's insides that is used; its version is pinned, and a test calls every operation. */
interface DynaliteStore {
  readonly tableDb: { awsAccountId: string; awsRegion: string };
  readonly db: {
    open(options: LevelOptions): Promise<void>;
    close: { (): Promise<void>; readonly _original: () => Promise<void> };
    get(key: string): Promise<unknown>;
    put(key: string, value: unknown): Promise<void>;
    clear(range: { gte: string; lt: string }): Promise<void>;
    iterator(range: { gte: string; lt: string }): AsyncIterable<readonly [string, unknown]>;
    iterator(asBytes: Parameters<LevelFiles["iterator"]>[0]): ReturnType<LevelFiles["iterator"]>;
  };
}

interface DynaliteDatabase {
  create(options: unknown): DynaliteStore;
  updateIndexes(
    store: DynaliteStore,
    table: unknown,
    oldItem: unknown,
    newItem: unknown,
    callback: (error: unknown) => void,
  ): void;
}

interface DynaliteValidations {
  checkTypes(data: unknown, types: unknown): unknown;
  checkValidations(data: unknown, types: unknown, custom: unknown, store: unknown): void;
}

interface DynaliteAction {
  run(store: DynaliteStore, data: unknown, callback: (error: unknown, output: unknown) => void): void;
  validation: { readonly types: unknown; readonly custom: unknown };
}

const operations = [
  "BatchGetItem",
  "BatchWriteItem",
  "CreateTable",
  "DeleteItem",
  "DeleteTable",
  "DescribeTable",
  "GetItem",
  "ListTables",
  "PutItem",
  "Query",
  "Scan",
  "UpdateItem",
  "UpdateTable",
] as const;
const readOperations = new Set(["BatchGetItem", "DescribeTable", "GetItem", "ListTables", "Query", "Scan"]);

/**
 * Opens the tables kept in the folder.
 * @throws {Error} when another process has the folder open
 */
export async function openDynalite(folder: string, account: string, region: string): Promise<Dynalite> {
  settleFiles(folder);
  mkdirSync(folder, { recursive: true });
  const require = createRequire(import.meta.url);
  // Modules of a package without types; their use is confined to this file.
  const database = require("dynalite/db") as DynaliteDatabase;
  // As above.
  const validations = require("dynalite/validations") as DynaliteValidations;
  const actions = new Map<string, DynaliteAction>(
    operations.map((operation) => [operation, loadAction(require, operation)]),
  );
  const store = database.create({ path: folder, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await openOrExplain(store, folder);
  await settleTables(store);
  store.tableDb.awsAccountId = account;
  store.tableDb.awsRegion = region;
  const gate = createCallGate();
  // What a former process left is in the files too.
  let isWritten = true;
  return {
    call(operation, input) {
      const action = actions.get(operation);
      if (action === undefined) throw new Error(`dynalite has no operation ${operation}`);
      return gate.through(() => {
        isWritten ||= !readOperations.has(operation);
        return run({ store, validations, action }, input);
      });
    },
    replaceGlobalIndexes: (tableName, createInput) => replaceGlobalIndexes(database, store, tableName, createInput),
    async forgetOldValues() {
      if (!isWritten) return;
      await gate.alone(async () => {
        await writeAfresh(folder, filesOf(store), (place) => openFiles(require, place));
        isWritten = false;
      });
    },
    close: () => store.db.close(),
  };
}

function run(
  parts: {
    readonly store: DynaliteStore;
    readonly validations: DynaliteValidations;
    readonly action: DynaliteAction;
  },
  input: Json,
): Promise<Json> {
  const { store, validations, action } = parts;
  return new Promise((resolve, reject) => {
    try {
      // A copy, because dynalite deletes the members it does not know.
      const data = validations.checkTypes({ ...input }, action.validation.types);
      validations.checkValidations(data, action.validation.types, action.validation.custom, store);
      action.run(store, data, (error, output) => {
        if (error) reject(asError(error));
        else resolve(isRecord(output) ? output : {});
      });
    } catch (error) {
      reject(asError(error));
    }
  });
}

/** dynalite's own closing is for good; this one is followed by an opening. */
function filesOf({ db }: DynaliteStore): LevelFiles {
  return {
    open: (options) => db.open(options),
    close: () => db.close._original(),
    iterator: (options) => db.iterator(options),
    batch: () => Promise.reject(new Error("dynalite alone writes to its store")),
  };
}

function openFiles(require: NodeJS.Require, folder: string): LevelFiles {
  // A module without types here; as above.
  const { Level } = createRequire(require.resolve("dynalite"))("level") as {
    readonly Level: new (folder: string) => LevelFiles;
  };
  return new Level(folder);
}

/** The definition comes last: only then is the table another one. */
async function replaceGlobalIndexes(
  database: DynaliteDatabase,
  store: DynaliteStore,
  tableName: string,
  createInput: Json,
): Promise<void> {
  const before = await store.db.get(`table~${tableName}`);
  if (!isRecord(before)) throw new Error(`There is no table ${tableName}.`);
  const { GlobalSecondaryIndexes: _old, ...rest } = before;
  const wanted = Array.isArray(createInput["GlobalSecondaryIndexes"]) ? createInput["GlobalSecondaryIndexes"] : [];
  const capacity = { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 };
  const indexes = wanted.filter(isRecord).map((index) => ({
    ...index,
    IndexArn: `${textOf(before["TableArn"])}/index/${textOf(index["IndexName"])}`,
    IndexSizeBytes: 0,
    ItemCount: 0,
    IndexStatus: "ACTIVE",
    ProvisionedThroughput: capacity,
  }));
  const after = {
    ...rest,
    AttributeDefinitions: createInput["AttributeDefinitions"],
    ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes: indexes }),
  };
  const rows = (prefix: string): { gte: string; lt: string } => ({ gte: prefix, lt: `${prefix}\uffff` });
  await store.db.clear(rows(`index-global~${tableName}~`));
  for await (const [, item] of store.db.iterator(rows(`item-${tableName}~`))) {
    await new Promise<void>((resolve, reject) =>
      database.updateIndexes(store, after, undefined, item, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(new Error(`The indexes of ${tableName} cannot be made.`, { cause: error }));
      }),
    );
  }
  await store.db.put(`table~${tableName}`, after);
}

function loadAction(require: NodeJS.Require, operation: string): DynaliteAction {
  const file = operation.charAt(0).toLowerCase() + operation.slice(1);
  return {
    // Modules of a package without types, as above.
    run: require(`dynalite/actions/${file}`) as DynaliteAction["run"],
    validation: require(`dynalite/validations/${file}`) as DynaliteAction["validation"],
  };
}

async function openOrExplain(store: DynaliteStore, folder: string): Promise<void> {
  try {
    await store.db.open(levelOptions);
  } catch (error) {
    throw new Error(
      `The data folder ${folder} cannot be opened. If another local stack runs on it, stop that one or choose another folder.`,
      { cause: error },
    );
  }
}

/** A table becomes active a moment after its creation; one that a SIGKILL caught before that would never become so. */
async function settleTables(store: DynaliteStore): Promise<void> {
  for await (const [key, table] of store.db.iterator({ gte: "table~", lt: "table~\uffff" })) {
    if (!isRecord(table) || table["TableStatus"] === "ACTIVE") continue;
    const indexes = Array.isArray(table["GlobalSecondaryIndexes"])
      ? table["GlobalSecondaryIndexes"].filter(isRecord)
      : [];
    const active = { ...table, TableStatus: "ACTIVE" };
    const withIndexes = { GlobalSecondaryIndexes: indexes.map((index) => ({ ...index, IndexStatus: "ACTIVE" })) };
    await store.db.put(key, indexes.length === 0 ? active : { ...active, ...withIndexes });
  }
}

/** dynalite's errors carry the answer's status and body; anything else is a fault of its own. */
function asError(error: unknown): Error {
  if (!(error instanceof Error) || !("statusCode" in error) || !("body" in error) || !isRecord(error.body))
    return error instanceof Error ? error : new Error(String(error), { cause: error });
  const type = textOf(error.body["__type"]);
  const message = textOf(error.body["message"] ?? error.body["Message"]);
  return new AwsError(type.slice(type.indexOf("#") + 1), message, Number(error.statusCode));
}
