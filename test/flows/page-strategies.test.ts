import { describe, expect, test } from "vitest";
import type { PartnerDriver, ResourceDriver } from "../../lib/engine/define-partner.ts";
import { queuePages } from "../../lib/engine/pages/acknowledged-queue.ts";
import { graphqlPages } from "../../lib/engine/pages/graphql-connection.ts";
import { changesByToken, syncTokenPages } from "../../lib/engine/pages/sync-token.ts";
import { fanOut } from "../../lib/flows/fan-out.ts";
import { jsonAnswer } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

/** Acme, if its orders came in another way. */
async function portsWith(changes: Partial<ResourceDriver>): Promise<{ ports: MemoryPorts; driver: PartnerDriver }> {
  const { orders } = acme.resources;
  if (orders === undefined) throw new Error("acme has orders");
  const driver = { ...acme, resources: { orders: { ...orders, ...changes } } };
  const ports = await connectedPorts(new AcmeServer(0));
  return { ports: Object.assign(ports, { partners: { find: () => driver, all: () => [driver] } }), driver };
}

const alive = (ports: MemoryPorts) =>
  new Map(
    ports.records
      .all()
      .filter((record) => !record.deleted)
      .map((record) => [record.externalId, record.data["amount"]]),
  );
const lastRun = async (ports: MemoryPorts) =>
  (await ports.runs.list("acme", connectionId, { limit: 1, cursor: null })).items[0];

describe("an import by sync token", () => {
  const page = syncTokenPages({
    items: "items",
    nextPage: "nextPage",
    nextSync: "nextSync",
    pageParameter: "page",
    syncParameter: "sync",
    limit: { parameter: "max", size: 10 },
  });

  test("asks for what changed since its token, and passes over everything when the partner has forgotten it", async () => {
    const { ports, driver } = await portsWith({ page, increment: changesByToken });
    const orders = new Map([
      ["order-1", 1],
      ["order-2", 2],
    ]);
    const asked: (string | null)[] = [];
    let forgotten = false;
    ports.transport.respond(({ url }) => {
      const { pathname, searchParams } = new URL(url);
      if (pathname !== "/v1/orders") return jsonAnswer(404, {});
      const sync = searchParams.get("sync");
      asked.push(sync);
      if (sync !== null && forgotten) return jsonAnswer(410, { error: "gone" });
      const all = [...orders].map(([id, amount]) => ({ id, amount }));
      return jsonAnswer(200, { items: sync === null ? all : all.slice(0, 1), nextSync: `token-${asked.length}` });
    });
    const again = async () => {
      ports.clock.advance(600_000);
      await fanOut(ports, driver);
      await runUntilIdle(ports);
    };
    await runUntilIdle(ports);
    orders.set("order-1", 100);
    await again();
    expect([asked, alive(ports).get("order-1")]).toEqual([[null, "token-1"], "100"]);
    expect(await lastRun(ports)).toMatchObject({ mode: "incremental", status: { kind: "done" } });
    forgotten = true;
    orders.set("order-2", 200);
    await again();
    expect(asked).toEqual([null, "token-1", "token-2", null]);
    expect(await lastRun(ports)).toMatchObject({ mode: "full", status: { kind: "done" } });
    expect(alive(ports).get("order-2")).toBe("200");
    forgotten = false;
    await again();
    expect(asked.at(-1)).toBe("token-4");
  });
});

test("a queue is acknowledged after its things are saved, and nothing is taken for deleted", async () => {
  const page = queuePages({
    items: "items",
    receipt: "id",
    acknowledge: (ids) => ({ method: "POST", path: "/orders/ack", body: { ids } }),
    limit: { parameter: "max", size: 2 },
  });
  const { ports, driver } = await portsWith({ page, increment: null });
  let waiting = ["a", "b", "c"];
  let refusals = 1;
  ports.transport.respond(({ url, method, body }) => {
    if (method === "GET") return jsonAnswer(200, { items: waiting.slice(0, 2).map((id) => ({ id, amount: 1 })) });
    expect(new URL(url).pathname).toBe("/v1/orders/ack");
    // Each was saved before.
    for (const id of waiting.slice(0, 2)) expect(alive(ports).has(id)).toBe(true);
    refusals -= 1;
    if (refusals >= 0) return jsonAnswer(503, {});
    expect(JSON.parse(body ?? "")).toEqual({ ids: waiting.slice(0, 2) });
    waiting = waiting.slice(2);
    return jsonAnswer(200, {});
  });
  await runUntilIdle(ports);
  expect([waiting, [...alive(ports).keys()]]).toEqual([[], ["a", "b", "c"]]);
  ports.clock.advance(600_000);
  await fanOut(ports, driver);
  await runUntilIdle(ports);
  expect(alive(ports).size).toBe(3);
  expect((await ports.failures.list({}, { limit: 5, cursor: null })).items).toEqual([]);
});

test("a GraphQL connection is asked by POST, and so is a single thing of it", async () => {
  const { ports, driver } = await portsWith({
    path: "/graphql",
    page: graphqlPages({ query: "all", connection: "data.orders", size: 2 }),
    onePath: () => "/graphql",
    oneBody: (id) => ({ query: "one", variables: { id } }),
    oneItem: "data.order",
    increment: null,
  });
  const orders = new Map([
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ]);
  ports.transport.respond(({ method, body, headers }) => {
    expect([method, headers["content-type"]]).toEqual(["POST", "application/json"]);
    // What the driver of this very test sends.
    const { query, variables } = JSON.parse(body ?? "") as {
      query: string;
      variables: { after?: string; id?: string };
    };
    const all = [...orders].map(([id, amount]) => ({ id, amount }));
    if (query === "one") return jsonAnswer(200, { data: { order: all.find(({ id }) => id === variables.id) ?? null } });
    const start = Number(variables.after ?? 0);
    const pageInfo = { hasNextPage: start + 2 < all.length, endCursor: String(start + 2) };
    return jsonAnswer(200, { data: { orders: { nodes: all.slice(start, start + 2), pageInfo } } });
  });
  await runUntilIdle(ports);
  expect([...alive(ports).keys()]).toEqual(["a", "b", "c"]);
  orders.delete("b");
  ports.clock.advance(2 * 86_400_000);
  await fanOut(ports, driver);
  await runUntilIdle(ports);
  expect([...alive(ports).keys()]).toEqual(["a", "c"]);
});
