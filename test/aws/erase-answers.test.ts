import { expect, test } from "vitest";
import { createEraser } from "../../lib/aws/eraser.ts";
import type { EraserWorld } from "../../lib/aws/eraser.ts";
import type { Table } from "../../lib/aws/table.ts";

const of = { partner: "acme", connectionId: "acme_1", resources: [], account: null, quotaItem: null };

/** A table of so many pages, all of them marks of worked webhooks but the last, which is an answer that names the connection. */
function tableOf(pages: number) {
  const removed: unknown[] = [];
  const scan: Table["scan"] = async ({ ExclusiveStartKey: from }) => {
    const page = Number(from?.["id"]?.S ?? "0") + 1;
    const items = page === pages ? [{ id: { S: "the answer" } }] : [];
    return { items, count: items.length, lastKey: page < pages ? { id: { S: String(page) } } : null };
  };
  const batchDelete: Table["batchDelete"] = async (keys) => void removed.push(...keys);
  // Looking through the answers needs these two of a table, and nothing else of the world.
  const world = { tables: { idempotency: { name: "idempotency", scan, batchDelete } } } as unknown as EraserWorld;
  return { eraser: createEraser(world), removed };
}

test("an answer is found however many marks of other things stand before it, in as many calls as that takes", async () => {
  const { eraser, removed } = tableOf(45);
  let cleared = await eraser.clear("answers", of);
  let calls = 1;
  for (; cleared.left && calls < 10; calls++)
    cleared = await eraser.clear("answers", { ...of, answersAfter: cleared.answersAfter ?? "" });
  expect([calls, removed, cleared.left]).toEqual([3, [{ id: { S: "the answer" } }], false]);
});
