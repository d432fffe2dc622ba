import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openDocumentStore, type DocumentStore } from "../../../lib/local/services/state/document-store.ts";
import { createKeyedLocks } from "../../../lib/local/services/tables/keyed-locks.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function open(path = join(temporaryFolder(), "deep", "documents.db")): DocumentStore {
  const store = openDocumentStore(path);
  onTestFinished(() => store.close());
  return store;
}

test("documents are kept by kind and id, and found by another process's eyes", () => {
  const path = join(temporaryFolder(), "documents.db");
  const store = open(path);
  store.put("a", "1", { n: 1 });
  store.put("b", "1", { n: 2 });
  store.put("a", "1", { n: 3 });
  const other = open(path);
  expect([other.get("a", "1"), other.get("b", "1"), other.get("a", "2")]).toEqual([{ n: 3 }, { n: 2 }, undefined]);
  expect([store.remove("a", "1"), store.remove("a", "1")]).toEqual([true, false]);
  expect(other.get("a", "1")).toBeUndefined();
});

test("documents are listed in the order of their ids, page by page", () => {
  const store = open();
  for (const id of ["3", "1", "2"]) store.put("a", id, id);
  store.put("b", "0", "0");
  expect(store.list("a", 2).map(({ id }) => id)).toEqual(["1", "2"]);
  expect(store.list("a", 2, "2").map(({ id }) => id)).toEqual(["3"]);
});

test("work on one key goes one after the other, on two keys side by side, and in no deadlock", async () => {
  const locks = createKeyedLocks(10, () => new Error("full"));
  const log: string[] = [];
  const gates = new Map<string, () => void>();
  const work = (name: string, keys: readonly string[]) =>
    locks.run(keys, async () => {
      log.push(`${name} in`);
      await new Promise<void>((resolve) => gates.set(name, resolve));
      log.push(`${name} out`);
    });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const first = work("first", ["a", "b"]);
  const second = work("second", ["b", "a"]);
  const third = work("third", ["c"]);
  await settle();
  expect(log).toEqual(["first in", "third in"]);
  gates.get("first")?.();
  await first;
  await settle();
  expect(log).toEqual(["first in", "third in", "first out", "second in"]);
  gates.get("second")?.();
  gates.get("third")?.();
  await Promise.all([second, third]);
});

test("no more wait for one key than may", async () => {
  const locks = createKeyedLocks(1, () => new Error("too many wait"));
  let open: () => void = () => undefined;
  const held = locks.run(["a"], () => new Promise<void>((resolve) => (open = resolve)));
  const waiting = locks.run(["a"], async () => "done");
  await expect(locks.run(["a"], async () => "never")).rejects.toThrow("too many wait");
  open();
  await held;
  expect(await waiting).toBe("done");
  expect(await locks.run(["a"], async () => "again")).toBe("again");
});
