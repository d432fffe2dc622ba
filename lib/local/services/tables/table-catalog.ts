import { isRecord } from "../../front-door/json-target.ts";
import type { DocumentStore } from "../state/document-store.ts";

type Json = Readonly<Record<string, unknown>>;

/** What the services need to know of a table beyond what dynalite keeps. */
export interface TableInfo {
  readonly name: string;
  readonly partitionKey: string;
  /** Partition key first. */
  readonly keyAttributes: readonly string[];
  /** Partition key of each index. */
  readonly indexPartitionKeys: Readonly<Record<string, string>>;
  readonly streamArn: string | null;
  readonly timeToLiveAttribute: string | null;
  /** The table's own key in KMS, which its callers must be allowed to use; null for DynamoDB's. */
  readonly kmsKeyId: string | null;
}

/** Tables by name; stream and time-to-live settings are durable, because dynalite keeps neither. */
export interface TableCatalog {
  get(name: string): TableInfo | null;
  all(): readonly TableInfo[];
  put(table: TableInfo): void;
  remove(name: string): void;
}

const tablesMax = 10_000;

export function openTableCatalog(documents: DocumentStore): TableCatalog {
  const tables = new Map<string, TableInfo>();
  for (const { id, document } of documents.list("table", tablesMax)) {
    // Written by `put` below and by nothing else.
    tables.set(id, document as TableInfo);
  }
  return {
    get: (name) => tables.get(name) ?? null,
    all: () => [...tables.values()],
    put(table) {
      documents.put("table", table.name, table);
      tables.set(table.name, table);
    },
    remove(name) {
      documents.remove("table", name);
      tables.delete(name);
    },
  };
}

/** Reads the catalogue's facts off CreateTable's input. */
export function tableInfoOf(input: Json, streamArn: string | null, timeToLiveAttribute: string | null): TableInfo {
  const keyAttributes = keyAttributesOf(input["KeySchema"]);
  const indexes = [...listOf(input["GlobalSecondaryIndexes"]), ...listOf(input["LocalSecondaryIndexes"])];
  const encryption = input["SSESpecification"];
  const kmsKeyId = isRecord(encryption) ? encryption["KMSMasterKeyId"] : null;
  return {
    name: String(input["TableName"]),
    partitionKey: keyAttributes[0] ?? "",
    keyAttributes,
    indexPartitionKeys: Object.fromEntries(
      indexes.map((index) => [String(index["IndexName"]), keyAttributesOf(index["KeySchema"])[0] ?? ""]),
    ),
    streamArn,
    timeToLiveAttribute,
    kmsKeyId: typeof kmsKeyId === "string" ? kmsKeyId : null,
  };
}

function keyAttributesOf(schema: unknown): string[] {
  return listOf(schema)
    .toSorted((left, right) => Number(right["KeyType"] === "HASH") - Number(left["KeyType"] === "HASH"))
    .map((part) => String(part["AttributeName"]));
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
