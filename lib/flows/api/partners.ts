import * as z from "zod";
import type { LimitDeclaration, PartnerDriver, ResourceDriver } from "../../engine/define-partner.ts";
import { importStrategyOf } from "../../engine/import-strategy.ts";
import { pageFields, pageOf, pageOfAll, pageRequestOf } from "./page-query.ts";
import { notFound } from "./problem.ts";
import { route } from "./route.ts";

/** Partners as their drivers state them: nothing here is stored, so nothing here can be out of date. */
export const partnerRoutes = [
  route({
    method: "GET",
    path: "/partners",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject(pageFields),
    handle: async (ports, { query }) => {
      const page = pageOfAll(ports.partners.all(), (driver) => driver.name, pageRequestOf(query));
      return { status: 200, data: pageOf(page, partnerView) };
    },
  }),
  route({
    method: "GET",
    path: "/partners/{partner}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const driver = ports.partners.find(params.partner);
      if (driver === null) throw notFound("such partner");
      return { status: 200, data: partnerView(driver) };
    },
  }),
];

function partnerView(driver: PartnerDriver): Readonly<Record<string, unknown>> {
  return {
    name: driver.name,
    title: driver.title,
    docs: driver.docs,
    credentialFields: credentialFieldsOf(driver),
    limits: driver.limits.map(limitView),
    webhook:
      driver.webhook === undefined
        ? null
        : { path: `/webhooks/${driver.name}`, connectionPath: `/webhooks/${driver.name}/{connectionId}` },
    resources: Object.entries(driver.resources).map(([name, resource]) => resourceView(driver, name, resource)),
  };
}

/** What a connection's `credential` has to hold; null where the driver's schema is no plain object. */
function credentialFieldsOf(driver: PartnerDriver): readonly string[] | null {
  const schema = driver.auth.credential;
  return "shape" in schema && typeof schema.shape === "object" && schema.shape !== null
    ? Object.keys(schema.shape)
    : null;
}

function limitView(limit: LimitDeclaration): Readonly<Record<string, unknown>> {
  return { per: limit.per, ...limit.rule, share: limit.share ?? null };
}

function resourceView(
  driver: PartnerDriver,
  name: string,
  resource: ResourceDriver,
): Readonly<Record<string, unknown>> {
  const { everyMs, fullEveryMs } = resource;
  const usual = importStrategyOf(name, { ...resource, webhook: driver.webhook });
  const isUsual = usual.everyMs === everyMs && usual.fullEveryMs === fullEveryMs;
  return {
    name,
    model: { name: resource.model.name, version: resource.model.version },
    everyMs,
    fullEveryMs,
    increment: resource.increment?.kind ?? null,
    strategy: usual.strategy,
    why: isUsual ? usual.why : `${usual.why} How often is the driver's own word.`,
  };
}
