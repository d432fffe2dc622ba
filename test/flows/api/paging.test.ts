import { describe, expect, test } from "vitest";
import { definePartner } from "../../../lib/engine/define-partner.ts";
import { createMemoryPorts } from "../../support/memory-ports.ts";
import { acme } from "../support/acme.ts";
import { apiPorts, errorsOf, TestApi } from "./support/api.ts";
import { makeFailure, makeRun, putRecord } from "./support/seed.ts";

const count = 7;
const numbers = Array.from({ length: count }, (_, index) => index);

interface List {
  readonly name: string;
  /** Fills the list with seven and says where it is. */
  readonly fill: () => Promise<{
    readonly api: TestApi;
    readonly path: string;
    readonly query?: Readonly<Record<string, string>>;
  }>;
  /** What tells its items apart. */
  readonly key: string;
}

const lists: readonly List[] = [
  {
    name: "partners",
    key: "name",
    fill: async () => {
      const partners = numbers.map((number) => definePartner({ ...acme, name: `partner-${number}` }));
      return { api: new TestApi(createMemoryPorts({ partners })), path: "/partners" };
    },
  },
  {
    name: "connections",
    key: "id",
    fill: async () => {
      const api = new TestApi();
      for (const _ of numbers) {
        await api.connect();
        api.ports.clock.advance(1_000);
      }
      return { api, path: "/connections" };
    },
  },
  {
    name: "a tenant's connections",
    key: "id",
    fill: async () => {
      const api = new TestApi();
      for (const _ of numbers) {
        await api.connect();
        await api.connect({ tenantId: "tenant-2" });
      }
      return { api, path: "/connections", query: { tenantId: "tenant-2" } };
    },
  },
  {
    name: "runs",
    key: "runId",
    fill: async () => {
      const ports = apiPorts();
      const api = new TestApi(ports);
      ports.lanes.breakWith(new Error("no first run"));
      const id = await api.connect({ partner: "acme" });
      // The first run is there although its nudge is not.
      for (const number of numbers.slice(1)) await ports.runs.create(makeRun(id, { runId: `orders-${number}` }));
      return { api, path: `/connections/${id}/runs` };
    },
  },
  {
    name: "records",
    key: "externalId",
    fill: async () => {
      const api = new TestApi();
      const id = await api.connect();
      for (const number of numbers) await putRecord(api.ports, id, `order-${number}`);
      return { api, path: `/connections/${id}/records/orders` };
    },
  },
  {
    name: "failures",
    key: "failureId",
    fill: async () => {
      const api = new TestApi();
      for (const number of numbers) await api.ports.failures.record(makeFailure(`failure-${number}`));
      return { api, path: "/failures" };
    },
  },
  {
    name: "groups of failures",
    key: "fingerprint",
    fill: async () => {
      const api = new TestApi();
      for (const number of numbers) {
        const fingerprint = `fingerprint-${number}`;
        for (const twin of ["a", "b"])
          await api.ports.failures.record(makeFailure(`${twin}-${number}`, { fingerprint }));
      }
      return { api, path: "/failures", query: { group: "true" } };
    },
  },
];

describe.each(lists)("the list of $name", ({ fill, key }) => {
  test.each([1, 2, 3, 6, 7, 100])("can be paged there and back, %i at a time", async (limit) => {
    const { api, path, query } = await fill();
    const size = { ...query, limit: String(limit) };
    const whole = await api.page(path, query);
    expect(whole).toMatchObject({ next: null, previous: null, total: count });
    const ids = whole.items.map((item) => item[key]);
    expect(new Set(ids).size).toBe(count);

    const there: unknown[] = [];
    const pages = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Awaited<ReturnType<TestApi["page"]>> = await api.page(
        path,
        cursor === "" ? size : { ...size, cursor },
      );
      expect(page.total).toBe(count);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      there.push(...page.items.map((item) => item[key]));
      pages.push(page);
      cursor = page.next;
    }
    expect(there).toEqual(ids);
    expect(pages).toHaveLength(Math.ceil(count / limit));
    expect(pages[0]?.previous).toBeNull();

    let page = pages.at(-1);
    const back = [...(page?.items ?? [])];
    while (page?.previous !== null && page !== undefined) {
      page = await api.page(path, { ...size, cursor: page.previous });
      back.unshift(...page.items);
    }
    expect(back.map((item) => item[key])).toEqual(ids);
  });

  test.each(["0", "101", "-1", "1.5", "", "ten", "1e1", " 5", "99999999999999999999", "50;"])(
    "refuses a limit of '%s'",
    async (limit) => {
      const { api, path, query } = await fill();
      const answer = await api.call("GET", path, { query: { ...query, limit } });
      expect([answer.status, errorsOf(answer)]).toEqual([400, ["invalid-field limit"]]);
    },
  );

  test.each(["nonsense", "e30", "%", Buffer.from('{"v":2,"to":"next","after":"x"}').toString("base64url")])(
    "refuses a cursor that it did not give: %s",
    async (cursor) => {
      const { api, path, query } = await fill();
      const answer = await api.call("GET", path, { query: { ...query, cursor } });
      expect([answer.status, errorsOf(answer)]).toEqual([400, ["bad-cursor cursor"]]);
    },
  );

  test.each(["", "x".repeat(5_001)])("refuses a cursor of no length or too much", async (cursor) => {
    const { api, path, query } = await fill();
    const answer = await api.call("GET", path, { query: { ...query, cursor } });
    expect([answer.status, errorsOf(answer)]).toEqual([400, ["invalid-field cursor"]]);
  });
});

test("an empty list is an empty page", async () => {
  const api = new TestApi();
  const id = await api.connect();
  for (const path of ["/failures", `/connections/${id}/records/orders`]) {
    expect(await api.page(path)).toMatchObject({ items: [], next: null, previous: null, total: 0 });
  }
});
