import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type {
  DynamoDBClient,
  PutItemCommandInput,
  QueryCommandInput,
  ScanCommandInput,
  UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import type { Clock, Random } from "../engine/ports.ts";
import { number } from "./item.ts";
import type { Item } from "./item.ts";

export type Update = Omit<UpdateItemCommandInput, "TableName" | "Key">;
export type Query = Omit<QueryCommandInput, "TableName">;

export interface QueryAnswer {
  readonly items: readonly Item[];
  readonly count: number;
  readonly lastKey: Item | null;
}

export type UpdateAnswer =
  | { readonly kind: "stored"; readonly attributes: Item }
  /** `found` is null where the service does not say what it found. */
  | { readonly kind: "superseded"; readonly found: Item | null };

const batchWriteMax = 25;
const batchTriesMax = 6;

/** One DynamoDB table, its calls reduced to what the stores say: reads are consistent, a failed condition is an answer. */
export class Table {
  readonly name: string;
  readonly #client: () => DynamoDBClient;
  readonly #world: { readonly clock: Clock; readonly random: Random };

  constructor(name: string, client: () => DynamoDBClient, world: { readonly clock: Clock; readonly random: Random }) {
    this.name = name;
    this.#client = client;
    this.#world = world;
  }

  async get(key: Item): Promise<Item | null> {
    const answer = await this.#client().send(
      new GetItemCommand({ TableName: this.name, Key: key, ConsistentRead: true }),
    );
    return answer.Item ?? null;
  }

  /** Puts an item that is not there yet. */
  async create(item: Item): Promise<"created" | "exists"> {
    const stored = await this.#put(item, { ConditionExpression: "attribute_not_exists(pk)" });
    return stored.kind === "stored" ? "created" : "exists";
  }

  /** Replaces an item whose stored revision is the one before `revision`; `tellOld` answers with what was there. */
  async replace(item: Item, revision: number, tellOld = false): Promise<UpdateAnswer> {
    return this.#put(item, {
      ConditionExpression: "#revision = :expected",
      ExpressionAttributeNames: { "#revision": "revision" },
      ExpressionAttributeValues: { ":expected": number(revision - 1) },
      ...(tellOld && { ReturnValues: "ALL_OLD" }),
    });
  }

  async update(key: Item, update: Update): Promise<UpdateAnswer> {
    const command = new UpdateItemCommand({
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      ...update,
      TableName: this.name,
      Key: key,
    });
    return conditional(async () => (await this.#client().send(command)).Attributes);
  }

  /** Deletes an item, on a condition if there is one; that it is gone already is no error. */
  async delete(
    key: Item,
    condition: Pick<Update, "ConditionExpression" | "ExpressionAttributeValues"> = {},
  ): Promise<UpdateAnswer["kind"]> {
    const command = new DeleteItemCommand({ ...condition, TableName: this.name, Key: key });
    return (await conditional(async () => (await this.#client().send(command)).Attributes)).kind;
  }

  /** Puts an item over whatever is there. */
  async put(item: Item): Promise<void> {
    await this.#put(item, {});
  }

  /** Looks through the whole table, 1 MB a call: only for what no key leads to. */
  async scan(scan: Omit<ScanCommandInput, "TableName">): Promise<QueryAnswer> {
    const answer = await this.#client().send(new ScanCommand({ ...scan, TableName: this.name }));
    return { items: answer.Items ?? [], count: answer.Count ?? 0, lastKey: answer.LastEvaluatedKey ?? null };
  }

  async query(query: Query): Promise<QueryAnswer> {
    const answer = await this.#client().send(new QueryCommand({ ...query, TableName: this.name }));
    return { items: answer.Items ?? [], count: answer.Count ?? 0, lastKey: answer.LastEvaluatedKey ?? null };
  }

  /** At most 100 keys, no two the same; in no order. */
  async batchGet(
    keys: readonly Item[],
    projection: Pick<Query, "ProjectionExpression" | "ExpressionAttributeNames"> = {},
  ): Promise<readonly Item[]> {
    const found: Item[] = [];
    let open: readonly Item[] = keys;
    for (let tries = 0; open.length > 0; tries += 1) {
      await this.#pauseBefore(tries, "BatchGetItem");
      const request = { ...projection, Keys: [...open], ConsistentRead: true };
      const answer = await this.#client().send(new BatchGetItemCommand({ RequestItems: { [this.name]: request } }));
      found.push(...(answer.Responses?.[this.name] ?? []));
      open = answer.UnprocessedKeys?.[this.name]?.Keys ?? [];
    }
    return found;
  }

  async batchDelete(keys: readonly Item[]): Promise<void> {
    for (let from = 0; from < keys.length; from += batchWriteMax) {
      let open = keys.slice(from, from + batchWriteMax).map((key) => ({ DeleteRequest: { Key: key } }));
      for (let tries = 0; open.length > 0; tries += 1) {
        await this.#pauseBefore(tries, "BatchWriteItem");
        const answer = await this.#client().send(new BatchWriteItemCommand({ RequestItems: { [this.name]: open } }));
        const left = answer.UnprocessedItems?.[this.name] ?? [];
        open = left.flatMap(({ DeleteRequest }) =>
          DeleteRequest?.Key ? [{ DeleteRequest: { Key: DeleteRequest.Key } }] : [],
        );
      }
    }
  }

  async #put(item: Item, condition: Omit<PutItemCommandInput, "TableName" | "Item">): Promise<UpdateAnswer> {
    const command = new PutItemCommand({ ...condition, TableName: this.name, Item: { ...item } });
    return conditional(async () => (await this.#client().send(command)).Attributes);
  }

  /** What a batch left undone is throttled: backs off, and after some tries lets the caller's message come back later. */
  async #pauseBefore(tries: number, call: string): Promise<void> {
    if (tries === 0) return;
    if (tries >= batchTriesMax)
      throw new Error(`${this.name}: ${call} left keys undone ${tries} times: the table is throttled`);
    await this.#world.clock.sleep(this.#world.random.unit() * 50 * 2 ** tries);
  }
}

async function conditional(send: () => Promise<Item | undefined>): Promise<UpdateAnswer> {
  try {
    return { kind: "stored", attributes: (await send()) ?? {} };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { kind: "superseded", found: error.Item ?? null };
  }
}
