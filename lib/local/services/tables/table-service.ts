import { AwsError } from "../../front-door/aws-error.ts";
import type { ServiceAnswer, ServiceCall, ServiceHandler } from "../../front-door/door-request.ts";
import { isRecord, understandJsonTarget } from "../../front-door/json-target.ts";
import { writeBatch } from "./batch-writer.ts";
import { writeItem, type WriterParts } from "./item-writer.ts";
import { streamArnOf } from "./stream-arn.ts";
import { type TableInfo, tableInfoOf } from "./table-catalog.ts";
import { type Place, tableRequirements } from "./table-requirements.ts";

type Json = Readonly<Record<string, unknown>>;

const bodyBytesMax = 16 * 1024 * 1024;

/**
 * DynamoDB on dynalite, with what dynalite lacks: streams, time to live, items returned from failed conditions.
 * @param forget leaves nothing in the data folder but what is there to be read
 */
export function createTableService(parts: WriterParts, place: Place, forget: () => Promise<void>): ServiceHandler {
  return {
    bodyBytesMax,
    understand(request) {
      const understood = understandJsonTarget(request);
      if (understood.operation.startsWith("Transact") || understood.operation.startsWith("Execute")) {
        throw new AwsError(
          "UnknownOperationException",
          `${understood.operation} is not offered by the local stack, and nothing in Sluice needs it: use conditional writes on single items.`,
        );
      }
      return understood;
    },
    requirements: (call) => tableRequirements(call, parts.catalog, place),
    async answer(call) {
      if (wantsProof(call)) await forget();
      return { kind: "json", output: await answer(parts, call, place) } satisfies ServiceAnswer;
    },
  };
}

/** Who looks through a whole table, and wants nothing that is a moment old, looks for what is left of something erased. */
function wantsProof({ operation, input }: ServiceCall): boolean {
  return operation === "Scan" && input["ConsistentRead"] === true && input["ExclusiveStartKey"] === undefined;
}

async function answer(parts: WriterParts, call: ServiceCall, place: Place): Promise<Json> {
  const { operation, input } = call;
  switch (operation) {
    case "PutItem":
    case "UpdateItem":
    case "DeleteItem":
      return writeItem(parts, operation, input);
    case "BatchWriteItem":
      return writeBatch(parts, input);
    case "CreateTable":
      return createTable(parts, input, streamArnOf(place, String(input["TableName"])));
    case "DeleteTable":
      return deleteTable(parts, input);
    case "DescribeTable":
      return describeTable(parts, input);
    case "DescribeTimeToLive":
      return describeTimeToLive(parts, input);
    case "UpdateTimeToLive":
      return updateTimeToLive(parts, input);
    default:
      return parts.dynalite.call(operation, input);
  }
}

/** Creates the table and notes what dynalite does not keep. The catalogue comes first: a table without its stream would lose records. */
export async function createTable(parts: WriterParts, input: Json, streamArn: string): Promise<Json> {
  const stream = input["StreamSpecification"];
  const hasStream = isRecord(stream) && stream["StreamEnabled"] === true;
  if (hasStream && stream["StreamViewType"] !== "NEW_AND_OLD_IMAGES") {
    throw new AwsError("ValidationException", "The local stack's streams carry NEW_AND_OLD_IMAGES only.");
  }
  const tableName = String(input["TableName"]);
  if (await tableExists(parts, tableName)) {
    throw new AwsError("ResourceInUseException", `Table already exists: ${tableName}`);
  }
  parts.catalog.put(tableInfoOf(input, hasStream ? streamArn : null, null));
  try {
    return await parts.dynalite.call("CreateTable", withoutUnknown(input));
  } catch (error) {
    parts.catalog.remove(tableName);
    throw error;
  }
}

/** Whether dynalite keeps the table; the catalogue may know of one whose creation a SIGKILL cut short. */
export async function tableExists(parts: WriterParts, tableName: string): Promise<boolean> {
  try {
    await parts.dynalite.call("DescribeTable", { TableName: tableName });
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code === "ResourceNotFoundException") return false;
    throw error;
  }
}

/** Members of CreateTable that dynalite does not check and need not keep. */
function withoutUnknown(input: Json): Json {
  const { StreamSpecification: _stream, SSESpecification: _encryption, Tags: _tags, ...known } = input;
  const { DeletionProtectionEnabled: _protection, TableClass: _class, ...rest } = known;
  return rest;
}

async function deleteTable(parts: WriterParts, input: Json): Promise<Json> {
  const output = await parts.dynalite.call("DeleteTable", input);
  parts.catalog.remove(String(input["TableName"]));
  return output;
}

async function describeTable(parts: WriterParts, input: Json): Promise<Json> {
  const output = await parts.dynalite.call("DescribeTable", input);
  const streamArn = parts.catalog.get(String(input["TableName"]))?.streamArn ?? null;
  if (streamArn === null || !isRecord(output["Table"])) return output;
  const stream = {
    StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    LatestStreamArn: streamArn,
    LatestStreamLabel: streamArn.slice(streamArn.lastIndexOf("/") + 1),
  };
  return { ...output, Table: { ...output["Table"], ...stream } };
}

function describeTimeToLive(parts: WriterParts, input: Json): Json {
  const attribute = existing(parts, input).timeToLiveAttribute;
  const description =
    attribute === null ? { TimeToLiveStatus: "DISABLED" } : { TimeToLiveStatus: "ENABLED", AttributeName: attribute };
  return { TimeToLiveDescription: description };
}

function updateTimeToLive(parts: WriterParts, input: Json): Json {
  const table = existing(parts, input);
  const wanted = input["TimeToLiveSpecification"];
  if (!isRecord(wanted) || typeof wanted["AttributeName"] !== "string") {
    throw new AwsError("ValidationException", "TimeToLiveSpecification needs AttributeName and Enabled.");
  }
  parts.catalog.put({ ...table, timeToLiveAttribute: wanted["Enabled"] === true ? wanted["AttributeName"] : null });
  return { TimeToLiveSpecification: wanted };
}

function existing(parts: WriterParts, input: Json): TableInfo {
  const table = parts.catalog.get(String(input["TableName"]));
  if (table !== null) return table;
  throw new AwsError(
    "ResourceNotFoundException",
    `Requested resource not found: Table: ${String(input["TableName"])} not found`,
  );
}
