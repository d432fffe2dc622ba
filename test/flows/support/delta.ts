import * as z from "zod";
import { definePartner, resource } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { slidingWindow } from "../../../lib/engine/gate/limit-declarations.ts";
import type { Connection, OutboundAnswer } from "../../../lib/engine/ports.ts";
import { defineModel } from "../../../lib/models/model.ts";
import { createMemoryPorts, jsonAnswer, startMs } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { acme, connection as acmeConnection, numberedPages } from "./acme.ts";

const Thing = z.object({ id: z.string(), value: z.number() });
const Owned = Thing.extend({ order: z.string() });
const thing = defineModel("thing", 1, z.strictObject({ value: z.string() }));

const times = { everyMs: 300_000, fullEveryMs: 86_400_000, increment: null };

function kept(path: string) {
  return {
    ...times,
    model: thing,
    path,
    page: numberedPages,
    onePath: (id: string) => `${path}/${id}`,
    toRecord: (raw: z.infer<typeof Thing>) => ({ value: String(raw.value) }),
  };
}

/** A partner whose orders have a detail each, a list of media each, and transactions that are asked for ten orders at once; media have captions. */
export const delta: PartnerDriver = definePartner({
  ...acme,
  name: "delta",
  title: "Delta",
  baseUrl: "https://api.delta.example/v1",
  limits: [slidingWindow({ per: "account", requests: 50, perMs: 1_000 })],
  resources: {
    orders: resource({
      ...kept("/orders"),
      schema: Thing,
      id: (raw) => raw.id,
      children: [
        { resource: "details", ask: { kind: "one" } },
        { resource: "media", ask: { kind: "each", path: (id) => `/orders/${id}/media`, page: numberedPages } },
        {
          resource: "transactions",
          ask: {
            kind: "batch",
            idsMax: 10,
            path: "/transactions",
            page: numberedPages,
            query: (ids) => ({ orders: ids.join(",") }),
            parentId: "order",
          },
        },
      ],
    }),
    details: resource({ ...kept("/details"), schema: Thing, id: (raw) => raw.id, isChildOnly: true }),
    media: resource({
      ...kept("/media"),
      schema: Owned,
      id: (raw) => raw.id,
      isChildOnly: true,
      children: [{ resource: "captions", ask: { kind: "one" } }],
    }),
    captions: resource({ ...kept("/captions"), schema: Thing, id: (raw) => raw.id, isChildOnly: true }),
    transactions: resource({ ...kept("/transactions"), schema: Owned, id: (raw) => raw.id, isChildOnly: true }),
  },
});

export const deltaConnection: Connection = {
  ...acmeConnection,
  partner: "delta",
  connectionId: "delta_000000000000000000-0000000000000000",
};

export const mediaOfEach = 2;

/** Delta's side: every order's children have the order's value. */
export class DeltaServer {
  readonly orders = new Map<string, number>();
  /** What its feed names. */
  readonly changes: string[] = [];
  acknowledged = false;
  /** Path and query of every call, in order. */
  readonly calls: string[] = [];
  /** Answers in the place of what there is; null: what there is. */
  refuse: (path: string) => { readonly status: number } | null = () => null;

  constructor(count: number) {
    for (let number = 0; number < count; number++) this.orders.set(`order-${number}`, number);
  }

  answer(url: string): { readonly status: number; readonly body: unknown } {
    const { pathname, search, searchParams } = new URL(url);
    const path = pathname.replace("/v1", "");
    this.calls.push(path + search);
    const refused = this.refuse(path + search);
    if (refused !== null) return { ...refused, body: { error: "refused" } };
    const [, list = "", id = "", below = ""] = path.split("/");
    if (list === "orders" && below === "media") return this.#media(id, searchParams);
    if (list === "changes")
      return page(
        this.changes.map((order) => ({ order })),
        searchParams,
        25,
      );
    if (list === "acknowledged") this.acknowledged = true;
    if (this.acknowledged && id === "") return { status: 200, body: { items: [], next: null } };
    if (list === "orders" && id === "") return page(this.#orders(), searchParams, 25);
    if (list === "transactions" && id === "") return page(this.#transactions(searchParams), searchParams, 100);
    return this.#one(list, id);
  }

  callsOf(start: string): readonly string[] {
    return this.calls.filter((call) => call.startsWith(start));
  }

  #orders(): readonly unknown[] {
    return [...this.orders].map(([id, value]) => ({ id, value }));
  }

  /** One a page. */
  #media(order: string, query: URLSearchParams) {
    const value = this.orders.get(order);
    if (value === undefined) return missing;
    const all = Array.from({ length: mediaOfEach }, (_, index) => ({ id: `${order}-m${index}`, value, order }));
    return page(all, query, 1);
  }

  #transactions(query: URLSearchParams): readonly unknown[] {
    const asked = (query.get("orders") ?? "").split(",");
    return asked.flatMap((order) => {
      const value = this.orders.get(order);
      return value === undefined ? [] : [{ id: `${order}-t`, value, order }];
    });
  }

  #one(list: string, id: string) {
    const order = list === "captions" || list === "media" ? id.replace(/-m\d+$/, "") : id;
    const value = this.orders.get(order);
    if (value === undefined) return missing;
    return { status: 200, body: { id, value, ...(list === "media" && { order }) } };
  }
}

const missing = { status: 404, body: { error: "no such thing" } };

function page(all: readonly unknown[], query: URLSearchParams, size: number) {
  const number = Number(query.get("page"));
  const end = (number + 1) * size;
  return {
    status: 200,
    body: { items: all.slice(number * size, end), next: end < all.length ? number + 1 : null },
  };
}

export async function connectedDelta(server: DeltaServer, driver: PartnerDriver = delta): Promise<MemoryPorts> {
  const ports = createMemoryPorts({
    partners: [driver],
    secrets: { delta: { connectionKey: "key-of-the-tests", webhookSecrets: ["word"], app: {} } },
  });
  ports.transport.respond(({ url }): OutboundAnswer => {
    const { status, body } = server.answer(url);
    return jsonAnswer(status, body);
  });
  await ports.connections.create(deltaConnection);
  await ports.connections.createResource({
    partner: "delta",
    connectionId: deltaConnection.connectionId,
    resource: "orders",
    nextDueMs: startMs,
    activeRunId: null,
    watermarkMs: null,
    fullPassAtMs: null,
    succeededAtMs: null,
    lastError: null,
    revision: 1,
  });
  await ports.credentials.replace(deltaConnection, null, { apiKey: "key" });
  return ports;
}

/** What the partner has, child by child, as our records should say it. */
export function truthOf(server: DeltaServer): ReadonlyMap<string, string> {
  const truth = new Map<string, string>();
  for (const [id, value] of server.orders) {
    for (const resource of ["orders", "details"]) truth.set(`${resource} ${id}`, String(value));
    truth.set(`transactions ${id}-t`, String(value));
    for (let index = 0; index < mediaOfEach; index++)
      for (const resource of ["media", "captions"]) truth.set(`${resource} ${id}-m${index}`, String(value));
  }
  return truth;
}

export function recordsOf(ports: MemoryPorts): ReadonlyMap<string, unknown> {
  const live = ports.records.all().filter(({ deleted }) => !deleted);
  return new Map(live.map((record) => [`${record.resource} ${record.externalId}`, record.data["value"]]));
}
