const shardCount = 4;

/** Index partitions that would be one per partner are four, so that one partner's writes are not held to one partition's rate. */
export function shardOf(connectionId: string): number {
  // FNV-1a: the same for ever, as items keep the shard they were given.
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(connectionId)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % shardCount;
}

/** `stripe#0` … `stripe#3`. */
export function shardsOf(name: string): readonly string[] {
  return Array.from({ length: shardCount }, (_, shard) => `${name}#${shard}`);
}
