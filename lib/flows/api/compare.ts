import * as z from "zod";
import { importedByThemselves } from "../../engine/child-driver.ts";
import { compareJob } from "../../engine/compare-job.ts";
import { comparedOutcomes, comparisonName, isOver, readComparison, sampleMax } from "../../engine/comparison.ts";
import type { Comparison } from "../../engine/comparison.ts";
import type { Connection } from "../../engine/ports.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { actorOf } from "./actor.ts";
import { driverOf, findConnection, findResource } from "./find-connection.ts";
import { problem } from "./problem.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { takenOrUnavailable } from "./taken-or-unavailable.ts";
import { isoTime } from "./time.ts";

/** One that did not move for so long is given up on: a new one takes its place. */
const abandonedMs = 10 * 60_000;

/** Some records compared with the partner by id. The API calls no partner: a worker does, and the results are read here. */
export const compareRoutes = [
  route({
    method: "POST",
    path: "/connections/{id}/compare",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.strictObject({
      resource: z.string().min(1).max(80).optional(),
      sample: z.int().min(1).max(sampleMax).default(20),
    }),
    handle: async (ports, { params, body, request }) => {
      const connection = await findConnection(ports, params.id);
      if (connection.status !== "active") {
        const message = `The connection is ${connection.status}; make it active first.`;
        throw problem(409, `connection-${connection.status}`, message);
      }
      const resources = resourcesOf(ports, connection, body.resource);
      const detail = { resources: resources.join(","), sample: String(body.sample) };
      await appendAudit(ports, actorOf(request), "connection.compare", connection.connectionId, detail);
      const comparisons = [];
      for (const resource of resources) {
        const asked = ask(ports, connection, resource, body.sample, request.requestId);
        comparisons.push(comparisonView(resource, await takenOrUnavailable(ports, request, asked)));
      }
      return { status: 202, data: { connectionId: connection.connectionId, comparisons } };
    },
  }),
  route({
    method: "GET",
    path: "/connections/{id}/compare",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const connection = await findConnection(ports, params.id);
      const names = resourcesOf(ports, connection, undefined);
      const comparisons = await Promise.all(
        names.map(async (name) => comparisonView(name, (await read(ports, connection, name)).comparison)),
      );
      return { status: 200, data: { connectionId: connection.connectionId, comparisons } };
    },
  }),
];

function resourcesOf(ports: ApiPorts, connection: Connection, only: string | undefined): readonly string[] {
  if (only !== undefined) return [findResource(ports, connection, only)];
  return importedByThemselves(driverOf(ports, connection));
}

async function read(
  ports: Pick<ApiPorts, "connections">,
  { partner, connectionId }: Connection,
  resource: string,
): Promise<{ readonly comparison: Comparison | null; readonly revision: number }> {
  const note = await ports.connections.readNote(partner, connectionId, comparisonName(resource));
  return { comparison: note === null ? null : readComparison(note.body), revision: note?.revision ?? 0 };
}

/** Stored first, sent after: dying in between, whoever asks again sends the message of the same comparison. */
async function ask(
  ports: ApiPorts,
  connection: Connection,
  resource: string,
  sample: number,
  trace: string,
): Promise<Comparison | null> {
  const { partner, connectionId } = connection;
  const nowMs = ports.clock.nowMs();
  const { comparison: former, revision } = await read(ports, connection, resource);
  const isUnderWay = former !== null && !isOver(former) && nowMs - former.updatedAtMs < abandonedMs;
  const fresh = { id: ports.random.id(), askedAtMs: nowMs, updatedAtMs: nowMs, sample, things: null };
  const comparison: Comparison = isUnderWay ? former : fresh;
  if (!isUnderWay) {
    const note = { partner, owner: connectionId, name: comparisonName(resource), revision: revision + 1 };
    const stored = await ports.connections.writeNote({ ...note, body: comparison });
    // Somebody else asked at this moment: theirs it is.
    if (stored === "superseded") return (await read(ports, connection, resource)).comparison;
  }
  await ports.lanes.send(compareJob({ partner, connectionId, resource }, { id: comparison.id, trace }, nowMs), 0);
  return comparison;
}

function comparisonView(resource: string, comparison: Comparison | null): Readonly<Record<string, unknown>> {
  if (comparison === null)
    return { resource, status: "never", askedAt: null, updatedAt: null, counts: null, things: [] };
  const things = comparison.things ?? [];
  const counts = comparedOutcomes.map((outcome) => {
    return [outcome, things.filter((thing) => thing.outcome === outcome).length] as const;
  });
  return {
    resource,
    status: isOver(comparison) ? "done" : "running",
    askedAt: isoTime(comparison.askedAtMs),
    updatedAt: isoTime(comparison.updatedAtMs),
    counts: Object.fromEntries(counts),
    things,
  };
}
