import * as z from "zod";
import { definePartner, resource, webhook } from "../../../lib/engine/define-partner.ts";
import { slidingWindow } from "../../../lib/engine/gate/limit-declarations.ts";
import type { OutboundAnswer } from "../../../lib/engine/ports.ts";
import { defineModel } from "../../../lib/models/model.ts";
import { numberedPages } from "../../flows/support/acme.ts";
import { jsonAnswer } from "../../support/memory/transport.ts";

const minuteMs = 60_000;
const Thing = z.object({ id: z.string(), note: z.string() });
const Event = z.object({ touched: z.array(z.string()), delivery: z.string().optional() });
const thing = defineModel("thing", 1, z.strictObject({ note: z.string() }));

/** As most partners are: limits of one account, in one item of the gate; a list that takes a filter of what changed. */
export const costPartner = definePartner({
  name: "acme",
  title: "Acme",
  docs: "https://docs.acme.example",
  baseUrl: "https://api.acme.example",
  auth: {
    kind: "header",
    header: "authorization",
    prefix: "Bearer ",
    field: "apiKey",
    credential: z.strictObject({ apiKey: z.string() }),
  },
  limits: [slidingWindow({ per: "account", requests: 100, perMs: 1_000 })],
  webhook: webhook({
    verify: () => ({ ok: true }),
    schema: Event,
    // Remembered where it has an id of its own, and costs nothing more where it has none.
    isReplayable: true,
    dedupeKey: (event) => event.delivery ?? null,
    touches: (event) => event.touched.map((externalId) => ({ resource: "things" as const, externalId })),
  }),
  resources: {
    things: resource({
      model: thing,
      path: "/things",
      page: numberedPages,
      onePath: (id) => `/things/${id}`,
      everyMs: 5 * minuteMs,
      fullEveryMs: 25 * minuteMs,
      increment: { kind: "filter", overlapMs: minuteMs, query: (sinceMs) => ({ since: String(sinceMs) }) },
      schema: Thing,
      id: (raw) => raw.id,
      toRecord: ({ note }) => ({ note }),
    }),
  },
});

export const pageSize = 4;

/** The partner's answer: one thing, or a page of all things or of what changed. */
export function costAnswer(
  { things, changes }: { readonly things: ReadonlyMap<string, string>; readonly changes: readonly string[] },
  url: URL,
): OutboundAnswer {
  const thingOf = (id: string) => ({ id, note: things.get(id) });
  const one = url.pathname.split("/")[2];
  if (one !== undefined) return jsonAnswer(200, thingOf(one));
  const page = Number(url.searchParams.get("page"));
  const ids = url.searchParams.has("since") ? changes : [...things.keys()];
  const end = (page + 1) * pageSize;
  const items = ids.slice(page * pageSize, end).map(thingOf);
  return jsonAnswer(200, { items, next: end < ids.length ? page + 1 : null });
}
