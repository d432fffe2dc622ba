import { expect, test } from "vitest";
import { readStreamChanges } from "../../lib/aws/change-stream.ts";

const bucket = {
  put: () => Promise.reject(new Error("nothing is put")),
  get: () => Promise.reject(new Error("nothing is got")),
  list: () => Promise.reject(new Error("nothing is listed")),
  delete: () => Promise.reject(new Error("nothing is deleted")),
};
const removedAtSeconds = 1_800_000_000;

/** A record's item that goes so many seconds after it was written. */
function removal(agoSeconds: number, userIdentity?: { readonly principalId: string }) {
  const Keys = { pk: { S: "acme#acme_1#orders" }, sk: { S: "order-1" } };
  const OldImage = { ...Keys, writtenAtMs: { N: String((removedAtSeconds - agoSeconds) * 1_000) } };
  const dynamodb = { SequenceNumber: "7", ApproximateCreationDateTime: removedAtSeconds, Keys, OldImage };
  const eventSourceARN = "arn:aws:dynamodb:us-east-1:000000000000:table/sluice-test-records/stream/1";
  return { Records: [{ eventSourceARN, dynamodb, ...(userIdentity !== undefined && { userIdentity }) }] };
}

const read = (event: unknown) => readStreamChanges(event, { stage: "test", bucket });

test("a record's end is told where a state of it may have come to its history after that was erased", async () => {
  const [change] = read(removal(60));
  expect(await change?.read()).toEqual({
    kind: "record-removed",
    scope: { partner: "acme", connectionId: "acme_1", resource: "orders" },
    externalId: "order-1",
  });
});

test.each([
  ["was written long before", removal(3_601)],
  ["had its time", removal(60, { principalId: "dynamodb.amazonaws.com" })],
])("nothing is told of a record that %s", (_how, event) => {
  expect(read(event)).toEqual([]);
});
