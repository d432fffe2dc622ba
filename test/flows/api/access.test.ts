import { createHash, timingSafeEqual } from "node:crypto";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { isApiKey } from "../../../lib/engine/api-key.ts";
import { apiKey, errorsOf, TestApi } from "./support/api.ts";

vi.mock("node:crypto", async (importActual) => {
  const actual = await importActual<{ timingSafeEqual: typeof timingSafeEqual }>();
  return { ...actual, timingSafeEqual: vi.fn<typeof timingSafeEqual>(actual.timingSafeEqual) };
});
const compared = vi.mocked(timingSafeEqual);

afterEach(() => {
  compared.mockClear();
});

const sha256 = (text: string) => createHash("sha256").update(text).digest();

describe("the key", () => {
  test.each([
    { "x-api-key": apiKey },
    { authorization: `Bearer ${apiKey}` },
    { authorization: `bearer  ${apiKey}` },
    { "x-api-key": "", authorization: `Bearer ${apiKey}` },
  ])("opens the API by %o", async (headers) => {
    expect((await new TestApi().call("GET", "/partners", { key: null, headers })).status).toBe(200);
  });

  test.each([
    {},
    { "x-api-key": "" },
    { authorization: apiKey },
    { authorization: `Basic ${apiKey}` },
    { authorization: "Bearer " },
    { authorization: `Bearer ${apiKey} more` },
    { cookie: `x-api-key=${apiKey}` },
  ])("is missing in %o", async (headers) => {
    const answer = await new TestApi().call("GET", "/partners", { key: null, headers });
    expect([answer.status, errorsOf(answer)]).toEqual([401, ["missing-api-key"]]);
  });

  test.each([
    `${apiKey}x`,
    apiKey.slice(1),
    apiKey.slice(0, -1),
    apiKey.toUpperCase(),
    ` ${apiKey}`,
    "x".repeat(10_000),
  ])("is not %s", async (key) => {
    const answer = await new TestApi().call("GET", "/partners", { key });
    expect([answer.status, errorsOf(answer)]).toEqual([401, ["wrong-api-key"]]);
  });

  test("in a query is no key", async () => {
    const answer = await new TestApi().call("GET", "/partners", { key: null, query: { "x-api-key": apiKey } });
    expect(answer.status).toBe(401);
  });

  test("that is wrong in one header is not made right by another", async () => {
    const headers = { authorization: `Bearer ${apiKey}` };
    expect((await new TestApi().call("GET", "/partners", { key: "wrong", headers })).status).toBe(401);
  });

  test("that cannot be checked lets nobody in", async () => {
    const api = new TestApi(undefined, { verifyApiKey: () => Promise.reject(new Error("no secret")) });
    expect((await api.call("GET", "/partners")).status).toBe(500);
  });

  test("is asked for before anything is read, changed or told", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const stored = vi.spyOn(api.ports.connections, "read");
    for (const method of ["GET", "PATCH", "DELETE"]) {
      expect((await api.call(method, `/connections/${id}`, { key: "wrong", body: { name: "x" } })).status).toBe(401);
    }
    expect(stored).not.toHaveBeenCalled();
    expect(await api.page("/connections")).toMatchObject({ total: 1 });
  });
});

describe("comparing keys", () => {
  test("tells the same from different", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (expected, other) => {
        expect(isApiKey(expected, expected)).toBe(true);
        expect(isApiKey(other, expected)).toBe(other === expected);
      }),
    );
  });

  test("never takes an empty key for the right one", () => {
    expect(isApiKey("", "")).toBe(false);
  });

  test("compares digests in constant time, whatever the length of what was presented", () => {
    for (const presented of ["", "a", apiKey, "x".repeat(100_000)]) {
      compared.mockClear();
      isApiKey(presented, apiKey);
      expect(compared.mock.calls).toEqual([[sha256(presented), sha256(apiKey)]]);
    }
  });
});
