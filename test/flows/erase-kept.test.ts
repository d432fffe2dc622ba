import { expect, test } from "vitest";
import type { Kept } from "../../lib/engine/erasure.ts";
import { eraseKept } from "../../lib/flows/erase/erase-kept.ts";
import { VirtualClock } from "../support/memory/clock.ts";

const of = { partner: "acme", connectionId: "acme_1" };
const email = "ada@example.com";

/** One page of three failures whose texts are counted while they are read; a page takes ten seconds. */
function world() {
  const clock = new VirtualClock();
  const read: string[] = [];
  const items = ["1", "2", "3"].map((id): Kept => {
    const texts = async function* () {
      for (const text of [id, email, "a payload of 32 MB"]) {
        read.push(`${id} ${text}`);
        yield text;
      }
    };
    return { kind: "failure", id, texts, place: id };
  });
  const removed: string[] = [];
  const eraser = {
    kept: async (_of: unknown, after: string | null) => {
      clock.advance(10_000);
      return { items: items.filter(({ id }) => after === null || id > after), next: null };
    },
    clearKept: async (_of: unknown, keys: readonly { readonly id: string }[]) => {
      removed.push(...keys.map(({ id }) => id));
      return { failures: keys.length };
    },
  };
  return { clock, eraser, read, removed };
}

test("what is kept is read a text at a time, and no further than to the one that names the person", async () => {
  const { clock, eraser, read, removed } = world();
  const wanted = { values: [email], dryRun: false };
  const search = await eraseKept({ clock, eraser }, of, wanted, null, clock.nowMs() + 60_000);
  expect(search).toMatchObject({ looked: 3, removed: { failures: 3 }, next: null });
  expect(read).toEqual(["1 1", `1 ${email}`, "2 2", `2 ${email}`, "3 3", `3 ${email}`]);
  expect(removed).toEqual(["1", "2", "3"]);
});

test("a page that takes longer than a call has is gone on with where that stopped", async () => {
  const { clock, eraser, removed } = world();
  const wanted = { values: [email], dryRun: false };
  const looks: number[] = [];
  let next: string | null = null;
  for (let calls = 0; calls < 5 && (calls === 0 || next !== null); calls++) {
    const search: Awaited<ReturnType<typeof eraseKept>> = await eraseKept(
      { clock, eraser },
      of,
      wanted,
      next,
      clock.nowMs() + 5_000,
    );
    looks.push(search.looked);
    ({ next } = search);
  }
  expect([looks, removed]).toEqual([
    [1, 1, 1],
    ["1", "2", "3"],
  ]);
});
