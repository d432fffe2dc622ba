/**
 * US dollars a million, us-east-1, from secondary sources of 2024 to 2026: read the vendors' own pages before quoting.
 * https://aws.amazon.com/pricing/
 */
export const dollarsAMillion = {
  httpApiRequests: 1,
  lambdaRequests: 0.2,
  /** A gigabyte-second on arm64. */
  lambdaGbSeconds: 13.3334,
  /** Of up to 64 KB each. */
  sqsRequests: 0.4,
  /** Beside each request to a fair queue. */
  sqsFairRequests: 0.1,
  dynamodbReadUnits: 0.125,
  secretCalls: 5,
  s3Puts: 5,
  logGigabytes: 500_000,
} as const;

export type Priced = keyof typeof dollarsAMillion;

/** What so much of each thing costs, done a million times. */
export function priceByLine(amounts: Readonly<Partial<Record<Priced, number>>>): Readonly<Record<string, number>> {
  // Object.entries forgets which names the object has.
  const lines = (Object.entries(amounts) as [Priced, number][]).map(
    ([name, amount]) => [name, dollarsAMillion[name] * amount] as const,
  );
  return { ...Object.fromEntries(lines), total: lines.reduce((sum, [, dollars]) => sum + dollars, 0) };
}
