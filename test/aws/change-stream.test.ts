import { expect, test } from "vitest";
import type { Bucket } from "../../lib/aws/claim-checks.ts";
import { readStreamChanges } from "../../lib/aws/change-stream.ts";

const bucket: Bucket = {
  put: () => Promise.reject(new Error("nothing is put")),
  get: () => Promise.reject(new Error("nothing is got")),
  list: () => Promise.reject(new Error("nothing is listed")),
  delete: () => Promise.reject(new Error("nothing is deleted")),
};
const eventSourceARN = "arn:aws:dynamodb:us-east-1:000000000000:table/sluice-test-records/stream/1";
const Keys = { pk: { S: "acme#acme_1#orders" }, sk: { S: "order-1" } };
const scope = { partner: "acme", connectionId: "acme_1", resource: "orders" };

/** A record's item that goes. */
function removal(userIdentity?: { readonly principalId: string }) {
  const dynamodb = { SequenceNumber: "7", Keys, OldImage: { ...Keys, writtenAtMs: { N: "1" } } };
  return { Records: [{ eventSourceARN, dynamodb, ...(userIdentity !== undefined && { userIdentity }) }] };
}

const read = (event: unknown, from = bucket) => readStreamChanges(event, { stage: "test", bucket: from });

// However old it is: the stream may be behind, and bring a state of it to its history after that was erased.
test("a record's end is told", async () => {
  const [change] = read(removal());
  expect(await change?.read()).toEqual({ kind: "record-removed", scope, externalId: "order-1" });
});

test("nothing is told of a record that had its time", () => {
  expect(read(removal({ principalId: "dynamodb.amazonaws.com" }))).toEqual([]);
});

test("a state whose data was erased meanwhile is told as lost, and one whose data cannot be reached comes again", async () => {
  const NewImage = { ...Keys, dataClaim: { S: "records/acme/acme_1/hash.gz" } };
  const event = { Records: [{ eventSourceARN, dynamodb: { SequenceNumber: "7", Keys, NewImage } }] };
  const [lost] = read(event, { ...bucket, get: async () => null });
  expect(await lost?.read()).toEqual({ kind: "record-lost", scope, externalId: "order-1" });
  const [unreachable] = read(event);
  await expect(unreachable?.read()).rejects.toThrow("nothing is got");
});
