import * as z from "zod";
import { slidingWindow } from "../../../lib/engine/gate/limit-declarations.ts";
import { definePartner, resource } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import type { PageStrategy } from "../../../lib/engine/pages/page-strategy.ts";
import type { Connection, ResourceState } from "../../../lib/engine/ports.ts";
import { defineModel } from "../../../lib/models/model.ts";
import { createMemoryPorts, jsonAnswer, startMs } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { hookSubscriptions } from "./hooks.ts";

/** A partner made for the flows' tests: numbered pages of orders, a feed of changes, and a signature that is a word. */
const Order = z.object({ id: z.string(), amount: z.number(), removed: z.boolean().optional() });

const order = defineModel("order", 1, z.strictObject({ amount: z.string() }));

export const numberedPages: PageStrategy = {
  request: (cursor) => ({ kind: "query", query: { page: String(cursor?.page ?? 0) } }),
  read: (body) => {
    const page = z.object({ items: z.array(z.unknown()), next: z.number().nullable() }).safeParse(body);
    if (!page.success) throw new PageShapeError("a page", typeof body);
    return { items: page.data.items, next: page.data.next === null ? null : { page: page.data.next }, total: null };
  },
};

/** What the driver's mapping chokes on, although its schema lets it through. */
export const chokingAmount = 1_234_567;

const Event = z.object({ account: z.string().optional(), touched: z.array(z.string()) });

export const acme: PartnerDriver = definePartner({
  name: "acme",
  title: "Acme",
  docs: "https://docs.acme.example",
  baseUrl: "https://api.acme.example/v1",
  auth: {
    kind: "header",
    header: "authorization",
    prefix: "Bearer ",
    field: "apiKey",
    credential: z.strictObject({ apiKey: z.string() }),
  },
  limits: [slidingWindow({ per: "account", requests: 50, perMs: 1_000 })],
  webhook: {
    verify: (request) => {
      if (request.secrets.length === 0) return { ok: false, reason: "no-secret" };
      return request.secrets.includes(request.headers["x-acme-word"] ?? "")
        ? { ok: true }
        : { ok: false, reason: "mismatch" };
    },
    schema: Event,
    dedupeKey: (event) => JSON.stringify(event),
    account: (event) => Event.parse(event).account ?? null,
    touches: (event) => Event.parse(event).touched.map((externalId) => ({ resource: "orders" as const, externalId })),
    subscriptions: hookSubscriptions(),
  },
  resources: {
    orders: resource({
      model: order,
      path: "/orders",
      page: numberedPages,
      onePath: (id) => `/orders/${id}`,
      everyMs: 300_000,
      fullEveryMs: 86_400_000,
      increment: {
        kind: "feed",
        overlapMs: 60_000,
        reachMs: 7 * 86_400_000,
        path: "/changes",
        page: numberedPages,
        query: (sinceMs) => ({ since: String(sinceMs) }),
        schema: z.object({ order: z.string() }),
        touches: (item) => [z.object({ order: z.string() }).parse(item).order],
      },
      schema: Order,
      id: (raw) => raw.id,
      gone: (raw) => raw.removed === true,
      toRecord: (raw) => {
        if (raw.amount === chokingAmount) throw new RangeError("an amount that nobody thought of");
        return { amount: String(raw.amount) };
      },
    }),
  },
});

export const connectionId = "acme_000000000000000000-0000000000000000";

export const connection: Connection = {
  partner: "acme",
  connectionId,
  tenantId: "tenant-1",
  name: "Acme of tenant 1",
  account: "acct-1",
  settings: {},
  status: "active",
  sealedWebhookSecret: null,
  revision: 1,
  createdAtMs: startMs,
  updatedAtMs: startMs,
};

const dueNow: ResourceState = {
  partner: "acme",
  connectionId,
  resource: "orders",
  nextDueMs: startMs,
  activeRunId: null,
  watermarkMs: null,
  fullPassAtMs: null,
  succeededAtMs: null,
  lastError: null,
  revision: 1,
};

/** Acme's side: orders by id, pages of them, and a log of the calls it answered. */
export class AcmeServer {
  readonly orders = new Map<string, number>();
  readonly changes: string[] = [];
  readonly calls: string[] = [];
  readonly pageSize: number;

  constructor(count: number, pageSize = 10) {
    this.pageSize = pageSize;
    for (let number = 0; number < count; number++) this.orders.set(`order-${number}`, number);
  }

  answer(url: string): { status: number; body: unknown } {
    const { pathname, searchParams } = new URL(url);
    this.calls.push(pathname + (searchParams.has("page") ? `?page=${searchParams.get("page")}` : ""));
    if (pathname === "/v1/orders")
      return this.#page(
        [...this.orders].map(([id, amount]) => ({ id, amount })),
        searchParams,
      );
    if (pathname === "/v1/changes")
      return this.#page(
        this.changes.map((id) => ({ order: id })),
        searchParams,
      );
    const id = decodeURIComponent(pathname.replace("/v1/orders/", ""));
    const amount = this.orders.get(id);
    return amount === undefined
      ? { status: 404, body: { error: "no such order" } }
      : { status: 200, body: { id, amount } };
  }

  #page(all: readonly unknown[], query: URLSearchParams): { status: number; body: unknown } {
    const page = Number(query.get("page"));
    const end = (page + 1) * this.pageSize;
    return {
      status: 200,
      body: { items: all.slice(page * this.pageSize, end), next: end < all.length ? page + 1 : null },
    };
  }
}

export async function connectedPorts(server: AcmeServer): Promise<MemoryPorts> {
  const ports = createMemoryPorts({
    partners: [acme],
    secrets: { acme: { connectionKey: "key-of-the-tests", webhookSecrets: ["word"], app: {} } },
  });
  ports.transport.respond((request) => {
    const { status, body } = server.answer(request.url);
    return jsonAnswer(status, body);
  });
  await ports.connections.create(connection);
  await ports.connections.createResource(dueNow);
  await ports.credentials.replace(connection, null, { apiKey: "key" });
  return ports;
}
