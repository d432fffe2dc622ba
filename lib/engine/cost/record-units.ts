/** DynamoDB's items are larger than the JSON they hold by their keys, digest, versions and where they came from. */
const recordOverheadKb = 0.38;
const historyOverheadKb = 0.5;
/** Beyond this a record is kept compressed, and JSON shrinks to about a quarter: lib/aws/record-data.ts. */
const plainKbMax = 4;
const shrinks = 4;

/** A consistent read of a record is a unit for each 4 KB. */
export function recordReads(recordKb: number): number {
  return Math.ceil((keptKb(recordKb) + recordOverheadKb) / 4);
}

/** The record by its KB, and one for its entry in the digests index. */
export function recordWrites(recordKb: number): number {
  return Math.ceil(keptKb(recordKb) + recordOverheadKb) + 1;
}

export function historyWrites(recordKb: number): number {
  return Math.ceil(keptKb(recordKb) + historyOverheadKb);
}

function keptKb(recordKb: number): number {
  return recordKb <= plainKbMax ? recordKb : recordKb / shrinks;
}
