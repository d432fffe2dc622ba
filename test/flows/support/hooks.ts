import * as z from "zod";
import type { OutboundAnswer, OutboundRequest } from "../../../lib/engine/ports.ts";
import type { SubscriptionDriver } from "../../../lib/engine/subscription-driver.ts";
import { jsonAnswer } from "../../support/memory-ports.ts";

const Hook = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  active: z.boolean(),
  endsAtMs: z.number().nullable(),
});
type Hook = z.infer<typeof Hook>;
const Page = z.object({ items: z.array(Hook), next: z.string().nullable() });
const Created = z.object({ id: z.string(), secret: z.string().nullable(), endsAtMs: z.number().nullable() });

export const hookEvents = ["order.changed", "order.removed"];

/** How acme's webhooks are registered: by JSON, under `/hooks`, two a page. */
export function hookSubscriptions(
  secret: SubscriptionDriver["secret"] = "returned",
  renews = true,
): SubscriptionDriver {
  const at = (method: "GET" | "POST" | "PUT" | "DELETE", path: string) =>
    ({ method, path, query: {}, endpoint: `${method} hooks` }) as const;
  const renew: SubscriptionDriver["renew"] = {
    request: (id, { url, events }) => ({ ...at("PUT", `/hooks/${id}`), body: { url, events } }),
    read: (body) => ({ expiresAtMs: Created.parse(body).endsAtMs }),
  };
  return {
    secret,
    events: hookEvents,
    list: {
      request: (cursor) => ({ ...at("GET", "/hooks"), query: { from: cursor ?? "0" } }),
      read(body) {
        const { items, next } = Page.parse(body);
        return {
          items: items.map(({ active, endsAtMs, ...rest }) => ({ ...rest, isActive: active, expiresAtMs: endsAtMs })),
          next,
        };
      },
    },
    create: {
      request: ({ url, events, secret: chosen }) => ({
        ...at("POST", "/hooks"),
        body: { url, events, secret: chosen },
      }),
      read(body) {
        const { id, secret: returned, endsAtMs } = Created.parse(body);
        return { id, secret: returned, expiresAtMs: endsAtMs };
      },
    },
    ...(renews && { renew }),
    remove: (id) => at("DELETE", `/hooks/${id}`),
  };
}

const Wanted = z.object({ url: z.string(), events: z.array(z.string()), secret: z.string().nullish() });

/** The partner's side of it: what is registered, with the secret that it signs with. */
export class HooksServer {
  readonly hooks: (Hook & { readonly secret: string })[] = [];
  /** `METHOD /path`, of what came. */
  readonly calls: string[] = [];
  /** So long a registration lives; null: for ever. */
  lifeMs: number | null = null;
  made = 0;

  handles(request: OutboundRequest): boolean {
    return new URL(request.url).pathname.startsWith("/v1/hooks");
  }

  /** The secrets that an address is signed for with. */
  secretsOf(url: string): readonly string[] {
    return this.hooks.filter((hook) => hook.url === url && hook.active).map((hook) => hook.secret);
  }

  answer(request: OutboundRequest, nowMs: number): OutboundAnswer {
    const { pathname, searchParams } = new URL(request.url);
    this.calls.push(`${request.method} ${pathname}`);
    const id = pathname.split("/")[3];
    const endsAtMs = this.lifeMs === null ? null : nowMs + this.lifeMs;
    const wanted = typeof request.body === "string" ? Wanted.parse(JSON.parse(request.body)) : null;
    if (id === undefined && wanted === null) return this.#list(Number(searchParams.get("from")));
    if (id === undefined && wanted !== null) {
      this.made += 1;
      const hook = { id: `hook-${this.made}`, url: wanted.url, events: wanted.events, active: true, endsAtMs };
      const returned = wanted.secret === undefined || wanted.secret === null ? `secret-of-${hook.id}` : null;
      const secret = wanted.secret ?? `secret-of-${hook.id}`;
      this.hooks.push({ ...hook, secret });
      return jsonAnswer(201, { id: hook.id, secret: returned, endsAtMs });
    }
    const place = this.hooks.findIndex((hook) => hook.id === id);
    const found = this.hooks[place];
    if (found === undefined) return jsonAnswer(404, {});
    if (wanted === null) this.hooks.splice(place, 1);
    else this.hooks[place] = { ...found, url: wanted.url, events: wanted.events, active: true, endsAtMs };
    return jsonAnswer(200, { id: found.id, secret: null, endsAtMs });
  }

  #list(from: number): OutboundAnswer {
    const items = this.hooks.slice(from, from + 2).map(({ secret: _secret, ...hook }) => hook);
    return jsonAnswer(200, { items, next: from + 2 < this.hooks.length ? String(from + 2) : null });
  }
}
