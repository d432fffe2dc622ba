import { expect, test } from "vitest";
import { readPage } from "../../lib/aws/list-query.ts";
import type { Item } from "../../lib/aws/item.ts";
import type { Query, Table } from "../../lib/aws/table.ts";
import { walk } from "../support/port-suite/opened.ts";

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

test("a page whose values are all gone leads on to those that are not, there and back", async () => {
  const rows = Array.from({ length: 8 }, (_, number) => ({ sk: { S: `item-${number}` } }));
  const query = async ({
    ExpressionAttributeValues: values,
    Limit,
    ScanIndexForward: rising = true,
    Select,
  }: Query) => {
    const after = values?.[":after"]?.S;
    const isFurther = ({ sk }: (typeof rows)[number]) => after === undefined || (rising ? sk.S > after : sk.S < after);
    const found = (rising ? rows : rows.toReversed()).filter(isFurther).slice(0, Limit);
    return { items: Select === "COUNT" ? [] : found, count: found.length, lastKey: null };
  };
  // Reading a page needs a table's name and its queries, and nothing else of the class.
  const table = { name: "things", query } as unknown as Table;
  const list = {
    index: null,
    partitionName: "pk",
    partitions: ["one"],
    sortName: "sk",
    order: "ascending",
    countIndex: null,
    load: async (items: readonly Item[]) => items.map(({ sk }) => (sk?.S === "item-7" ? sk.S : null)),
  } as const;
  const { forward, back } = await walk((page) => readPage(table, list, page), 2);
  expect([forward, back]).toEqual([["item-7"], ["item-7"]]);
});

test("what is left out leads on as well, where a page's queries do not get through it", async () => {
  const limits: number[] = [];
  const query = async ({ ExpressionAttributeValues: values, Limit = 0, FilterExpression, Select }: Query) => {
    expect(FilterExpression).toBe("attribute_not_exists(#without)");
    if (Select === "COUNT") return { items: [], count: 1, lastKey: null };
    limits.push(Limit);
    const isThere = values?.[":after"] !== undefined;
    const lastKey = isThere ? null : { sk: { S: `mark-${String(limits.length).padStart(2, "0")}` } };
    return { items: isThere ? [{ sk: { S: "thing" } }] : [], count: 0, lastKey };
  };
  // As above.
  const table = { name: "things", query } as unknown as Table;
  const list = {
    index: "tenant",
    partitionName: "tenantId",
    partitions: ["one"],
    sortName: "sk",
    order: "ascending",
    countIndex: null,
    without: "erasure",
    load: async (items: readonly Item[]) => items,
  } as const;
  const first = await readPage(table, list, { limit: 3, cursor: null });
  expect(first.items).toEqual([]);
  expect(limits.slice(0, 3)).toEqual([4, 8, 16]);
  expect(Math.max(...limits)).toBe(1_000);
  expect((await readPage(table, list, { limit: 3, cursor: first.next })).items).toHaveLength(1);
});
