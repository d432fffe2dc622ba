import * as z from "zod";
import { actOnFailures } from "./act-on-failures.ts";
import { chooseFailures } from "./choose-failures.ts";
import { type FailureFilter, groupFailures } from "./failure-groups.ts";
import { failureView, parseFailureRef } from "./failure-view.ts";
import { pageFields, pageOf, pageRequestOf } from "./page-query.ts";
import { notFound } from "./problem.ts";
import { route } from "./route.ts";

const statuses = ["open", "replaying", "resolved", "discarded"] as const;
const Id = z.string().min(1).max(700);

export const failureRoutes = [
  route({
    method: "GET",
    path: "/failures",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({
      ...pageFields,
      partner: Id.optional(),
      connectionId: Id.optional(),
      status: z.enum(statuses).optional(),
      group: z.enum(["true", "false"]).default("false"),
    }),
    handle: async (ports, { query }) => {
      const filter: FailureFilter = {
        ...(query.partner === undefined ? {} : { partner: query.partner }),
        ...(query.connectionId === undefined ? {} : { connectionId: query.connectionId }),
        ...(query.status === undefined ? {} : { status: query.status }),
      };
      const page = pageRequestOf(query);
      if (query.group === "true") return { status: 200, data: await groupFailures(ports.failures, filter, page) };
      return { status: 200, data: pageOf(await ports.failures.list(filter, page), failureView) };
    },
  }),
  route({
    method: "GET",
    path: "/failures/{ref+}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({ payload: z.enum(["true", "false"]).default("false") }),
    handle: async (ports, { params, query }) => {
      const key = parseFailureRef(params.ref);
      const failure = key === null ? null : await ports.failures.read(key.partner, key.connectionId, key.failureId);
      if (failure === null) throw notFound("such failure");
      // A webhook's job carries what a partner sent of its customer: shown to whoever asks for it, and never by the way.
      const payload = query.payload === "true" ? { payload: failure.job } : {};
      return { status: 200, data: { ...failureView(failure), ...payload } };
    },
  }),
  route({
    method: "POST",
    path: "/failures/replay",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.unknown(),
    handle: async (ports, { body, request }) =>
      actOnFailures(ports, request, await chooseFailures(ports, body), "replay"),
  }),
  route({
    method: "POST",
    path: "/failures/discard",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.unknown(),
    handle: async (ports, { body, request }) =>
      actOnFailures(ports, request, await chooseFailures(ports, body), "discard"),
  }),
];
