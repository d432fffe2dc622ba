/** DynamoDB sorts strings by their UTF-8 bytes, JavaScript by UTF-16 units; they differ beyond the basic plane. */
export function compareIds(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Whether ids come in the order in which the store keeps them. */
export function isRising(ids: readonly string[]): boolean {
  return ids.every((id, index) => index === 0 || compareIds(ids[index - 1] ?? "", id) < 0);
}
