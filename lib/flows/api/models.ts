import * as z from "zod";
import type { Model } from "../../models/model.ts";
import { pageFields, pageOf, pageOfAll, pageRequestOf } from "./page-query.ts";
import { notFound } from "./problem.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";

/** The shapes that records and their events come in, as JSON Schema, for consumers of any language. */
export const modelRoutes = [
  route({
    method: "GET",
    path: "/models",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject(pageFields),
    handle: async (ports, { query }) => {
      const page = pageOfAll(modelsOf(ports), (model) => model.name, pageRequestOf(query));
      return { status: 200, data: pageOf(page, ({ name, version }) => ({ name, version })) };
    },
  }),
  route({
    method: "GET",
    path: "/models/{model}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const model = modelsOf(ports).find(({ name }) => name === params.model);
      if (model === undefined) throw notFound("such model among the partners' resources");
      const { name, version, schema } = model;
      return { status: 200, data: { name, version, schema: z.toJSONSchema(schema, { unrepresentable: "any" }) } };
    },
  }),
];

/** Every model that a resource of this deployment maps into, each once. */
function modelsOf(ports: ApiPorts): readonly Model[] {
  const resources = ports.partners.all().flatMap((driver) => Object.values(driver.resources));
  const byName = new Map(resources.map(({ model }) => [model.name, model]));
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
