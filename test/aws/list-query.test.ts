import { expect, test } from "vitest";
import { readPage } from "../../lib/aws/list-query.ts";
import type { Query, Table } from "../../lib/aws/table.ts";

/** A table of one partition that says what it was asked. */
function tableOf(items: number) {
  const queries: Query[] = [];
  const query = async (asked: Query) => {
    queries.push(asked);
    const after = asked.ExpressionAttributeValues?.[":after"]?.S ?? "";
    const found = Array.from({ length: items }, (_, number) => ({ sk: { S: `item-${number}` } }));
    const later = found.filter(({ sk }) => sk.S > after).slice(0, asked.Limit);
    return { items: asked.Select === "COUNT" ? [] : later, count: later.length, lastKey: null };
  };
  // Reading a page needs a table's name and its queries, and nothing else of the class.
  const table = { name: "things", query } as unknown as Table;
  const counted = () => queries.filter(({ Select }) => Select === "COUNT").length;
  const list = {
    index: null,
    partitionName: "pk",
    partitions: ["one"],
    sortName: "sk",
    order: "ascending",
    countIndex: "small",
    load: async (rows: readonly unknown[]) => rows,
  } as const;
  return { read: (cursor: string | null) => readPage(table, list, { limit: 3, cursor }), counted };
}

test("a list is counted with its first page, and the further ones say the same", async () => {
  const { read, counted } = tableOf(8);
  const first = await read(null);
  const second = await read(first.next);
  const third = await read(second.next);
  expect([first, second, third].map(({ items, total }) => [items.length, total])).toEqual([
    [3, 8],
    [3, 8],
    [2, 8],
  ]);
  expect(third.next).toBeNull();
  expect((await read(second.previous)).total).toBe(8);
  expect(counted()).toBe(1);
});

test("a list that is one page is not counted at all", async () => {
  const { read, counted } = tableOf(3);
  expect(await read(null)).toMatchObject({ next: null, previous: null, total: 3 });
  expect(counted()).toBe(0);
});
