import { describe, expect, test } from "vitest";
import { KeyCache, verifyWithKeys } from "../../../lib/engine/signatures/key-cache.ts";
import type { KeyCacheOptions } from "../../../lib/engine/signatures/key-cache.ts";
import type { KeyedVerifier, SignedRequest } from "../../../lib/engine/signatures/verifier.ts";
import { VirtualClock } from "../../support/memory/clock.ts";

const clock = () => new VirtualClock(Date.UTC(2026, 10, 20, 12));

function cacheOf(known: Readonly<Record<string, string>>, options: Partial<KeyCacheOptions> = {}) {
  const asked: string[] = [];
  const time = clock();
  const cache = new KeyCache({
    source: (id) => {
      asked.push(id);
      const key = known[id];
      return Promise.resolve(new Map(key === undefined ? [] : [[id, key]]));
    },
    clock: time,
    ...options,
  });
  return { cache, asked, time };
}

describe("keys", () => {
  test("are fetched once, and again when their time is over", async () => {
    const { cache, asked, time } = cacheOf({ a: "key" }, { keyMsMax: 1_000 });
    expect(cache.find("a")).toBeNull();
    await Promise.all([cache.load("a"), cache.load("a"), cache.load("a")]);
    await cache.load("a");
    expect(cache.find("a")).toBe("key");
    expect(asked).toEqual(["a"]);
    await time.sleep(1_000);
    expect(cache.find("a")).toBeNull();
    await cache.load("a");
    expect(asked).toEqual(["a", "a"]);
  });

  test("that the partner does not know are not asked for again for a while", async () => {
    const { cache, asked, time } = cacheOf({}, { absentMsMax: 1_000 });
    await cache.load("a");
    await cache.load("a");
    expect(asked).toEqual(["a"]);
    await time.sleep(1_000);
    await cache.load("a");
    expect(asked).toEqual(["a", "a"]);
  });

  test("cost a bounded number of fetches a minute, whatever ids strangers send", async () => {
    const { cache, asked, time } = cacheOf({}, { fetchesPerMinute: 3 });
    for (let index = 0; index < 1_000; index++) await cache.load(`id-${index}`);
    expect(asked).toHaveLength(3);
    await time.sleep(60_000);
    await cache.load("another");
    expect(asked).toHaveLength(4);
  });

  test("are pushed out by no number of unknown ids, and are bounded themselves", async () => {
    const known = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, "key"]));
    const { cache } = cacheOf(known, { entriesMax: 4, fetchesPerMinute: 1_000 });
    await cache.load("k0");
    for (let index = 0; index < 100; index++) await cache.load(`id-${index}`);
    expect(cache.find("k0")).toBe("key");
    for (let index = 0; index < 10; index++) await cache.load(`k${index}`);
    const kept = Object.keys(known).filter((id) => cache.find(id) !== null);
    expect(kept).toEqual(["k6", "k7", "k8", "k9"]);
  });

  test("whose fetch fails are tried again, and the failure is told", async () => {
    let fails = true;
    const cache = new KeyCache({
      clock: clock(),
      source: () => (fails ? Promise.reject(new Error("unreachable")) : Promise.resolve(new Map([["a", "key"]]))),
    });
    await expect(cache.load("a")).rejects.toThrow("unreachable");
    fails = false;
    await cache.load("a");
    expect(cache.find("a")).toBe("key");
  });
});

describe("a key server that tells of all its keys at once", () => {
  test("has told of the next key when it was asked for a stranger's", async () => {
    let calls = 0;
    const cache = new KeyCache({
      clock: clock(),
      fetchesPerMinute: 1,
      source: () =>
        Promise.resolve(
          new Map([
            ["a", "key-a"],
            ["b", `key-b-${(calls += 1)}`],
          ]),
        ),
    });
    expect(await cache.load("stranger")).toBe("settled");
    // Nothing more may be asked for within this minute, nor has to be.
    expect(await cache.load("b")).toBe("settled");
    expect([cache.find("a"), cache.find("b"), cache.find("stranger")]).toEqual(["key-a", "key-b-1", null]);
    expect(await cache.load("another")).toBe("put-off");
  });
});

describe("keys that are known", () => {
  test("are renewed out of an allowance of their own, which is bounded too", async () => {
    const time = clock();
    let calls = 0;
    let fails = false;
    const cache = new KeyCache({
      clock: time,
      keyMsMax: 1_000,
      fetchesPerMinute: 3,
      source: (id) => {
        calls += 1;
        if (fails) return Promise.reject(new Error("unreachable"));
        return Promise.resolve(new Map(id === "a" ? [["a", "key"]] : []));
      },
    });
    await cache.load("a");
    for (let index = 0; index < 100; index++) await cache.load(`id-${index}`);
    expect(calls).toBe(3);
    await time.sleep(1_000);
    fails = true;
    const tries = [];
    for (let index = 0; index < 5; index++) tries.push(await cache.load("a").catch(() => "failed"));
    expect(tries).toEqual(["failed", "failed", "failed", "put-off", "put-off"]);
    fails = false;
    await time.sleep(60_000);
    expect(await cache.load("a")).toBe("settled");
  });
});

describe("verifyWithKeys", () => {
  const request: SignedRequest = {
    headers: {},
    rawBody: new Uint8Array(),
    url: "",
    method: "POST",
    secrets: [],
    nowMs: 0,
  };
  const wanting: KeyedVerifier = ({ keys }) =>
    keys("a") === "key" ? { ok: true } : { ok: false, reason: "unknown-key", wanted: "a" };

  test("fetches what the scheme wants, once", async () => {
    const { cache, asked } = cacheOf({ a: "key" });
    expect(await verifyWithKeys(wanting, request, cache)).toEqual({ ok: true });
    expect(await verifyWithKeys(wanting, request, cache)).toEqual({ ok: true });
    expect(asked).toEqual(["a"]);
  });

  test("says that a key may not be asked for just now, and lets nobody in meanwhile", async () => {
    const { cache } = cacheOf({ a: "key" }, { fetchesPerMinute: 1 });
    await cache.load("stranger");
    expect(await verifyWithKeys(wanting, request, cache)).toEqual({ ok: false, reason: "key-put-off" });
  });

  test("refuses what nobody knows the key of, and fetches none for what is refused anyway", async () => {
    const { cache, asked } = cacheOf({});
    expect(await verifyWithKeys(() => ({ ok: false, reason: "mismatch" }), request, cache)).toEqual({
      ok: false,
      reason: "mismatch",
    });
    expect(asked).toEqual([]);
    expect((await verifyWithKeys(wanting, request, cache)).ok).toBe(false);
  });
});
