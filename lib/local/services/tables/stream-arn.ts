/** One stream a table, for as long as the table lives: the label that AWS makes of the time is always the same here. */
export function streamArnOf(place: { readonly account: string; readonly region: string }, tableName: string): string {
  return `arn:aws:dynamodb:${place.region}:${place.account}:table/${tableName}/stream/2026-01-01T00:00:00.000`;
}
