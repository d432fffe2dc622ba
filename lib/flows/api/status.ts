import * as z from "zod";
import { warningOf } from "../../engine/credential-stand.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { mapBounded } from "../../engine/map-bounded.ts";
import type { Connection, Failure, Page, ResourceState } from "../../engine/ports.ts";
import { statusOf } from "../../engine/subscription.ts";
import { admitImports } from "../admit-imports.ts";
import { type ConnectionHealth, judgeConnection, judgePartner, type Signals } from "./health-verdict.ts";
import { heldViews } from "./held-view.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";
import { overdueMs } from "./waiting.ts";

/** So many connections are looked at, the oldest first: each costs a query, and a health table must answer in a second. */
const connectionsMax = 300;
/** So many open failures of a partner are counted by kind, the last seen first. */
const failuresMax = 100;
const overdueMax = 100;
const heldMax = 100;
const readsAtOnce = 8;

/** How each partner is doing, and why. */
export const statusRoutes = [
  route({
    method: "GET",
    path: "/status",
    needs: "viewer",
    reach: "stage",
    query: z.strictObject({}),
    handle: async (ports) => {
      const { connections, complete } = await readConnections(ports);
      const judged = await mapBounded(connections, readsAtOnce, async (connection) => {
        const states = await ports.connections.listResources(connection.partner, connection.connectionId);
        return { connection, states, health: judgeConnection(connection, states) };
      });
      const partners = await mapBounded(ports.partners.all(), readsAtOnce, (driver) => {
        const own = judged.filter(({ connection }) => connection.partner === driver.name);
        return partnerView(ports, driver, own);
      });
      const looked = { connections: connections.length, connectionsMax, failuresMax, overdueMax, heldMax };
      return { status: 200, data: { at: isoTime(ports.clock.nowMs()), partners, complete, looked } };
    },
  }),
];

interface Judged {
  readonly connection: Connection;
  readonly states: readonly ResourceState[];
  readonly health: ConnectionHealth;
}

async function readConnections(
  ports: Pick<ApiPorts, "connections">,
): Promise<{ readonly connections: readonly Connection[]; readonly complete: boolean }> {
  const connections: Connection[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Connection> = await ports.connections.list(null, { limit: 100, cursor });
    connections.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && connections.length < connectionsMax);
  return { connections, complete: cursor === null };
}

async function partnerView(
  ports: ApiPorts,
  driver: PartnerDriver,
  judged: readonly Judged[],
): Promise<Readonly<Record<string, unknown>>> {
  const partner = driver.name;
  const [open, overdue, control, admission] = await Promise.all([
    ports.failures.list({ partner, status: "open" }, { limit: failuresMax, cursor: null }),
    ports.connections.due(partner, ports.clock.nowMs() - overdueMs - 1, overdueMax),
    ports.control.read(partner, null),
    admitImports(ports, driver),
  ]);
  const held = heldViews(control);
  const heldBack = admission.kind === "held" && admission.cause === "lane" ? admission.why : null;
  const connectionsHeld = control.connectionsHeld ? (await ports.control.held(partner, heldMax)).length : 0;
  const openFailures = { total: open.total, byKind: countByKind(open.items) };
  const connections = countByHealth(judged);
  const edges = edgesOf(ports, driver, judged);
  const signals: Signals = {
    connections,
    openFailures,
    overdue: overdue.length,
    held,
    heldBack,
    connectionsHeld,
    ...edges,
  };
  const states = judged.flatMap((each) => each.states);
  const successes = states.map((state) => state.succeededAtMs);
  return {
    partner,
    title: driver.title,
    ...judgePartner(signals),
    held,
    heldBack,
    connections: { total: judged.length, ...connections },
    connectionsHeld,
    ...edges,
    openFailures,
    overdue: overdue.length,
    activeRuns: states.filter((state) => state.activeRunId !== null).length,
    lastRunAt: isoTime(latest([...successes, ...states.map((state) => state.lastError?.atMs ?? null)])),
    lastSuccessAt: isoTime(latest(successes)),
  };
}

/** What is wrong where a connection meets its partner, though its imports may be well. */
function edgesOf(
  ports: Pick<ApiPorts, "clock">,
  driver: PartnerDriver,
  judged: readonly Judged[],
): Pick<Signals, "webhooksFailing" | "credentialsEnding"> {
  const nowMs = ports.clock.nowMs();
  const active = judged.map((each) => each.connection).filter(({ status }) => status === "active");
  const ends = ({ credential }: Connection): boolean => {
    const warning = credential === undefined ? null : warningOf(credential, driver.auth, nowMs);
    return warning === "expired" || warning === "expires-soon";
  };
  return {
    webhooksFailing: active.filter(({ subscription }) => statusOf(subscription) === "failing").length,
    credentialsEnding: active.filter(ends).length,
  };
}

function countByHealth(judged: readonly Judged[]): Readonly<Record<ConnectionHealth, number>> {
  const counts: Record<ConnectionHealth, number> = { working: 0, failing: 0, paused: 0, "needs-reconnect": 0 };
  for (const { health } of judged) counts[health] += 1;
  return counts;
}

function countByKind(failures: readonly Failure[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { why } of failures) counts[why.kind] = (counts[why.kind] ?? 0) + 1;
  return counts;
}

function latest(times: readonly (number | null)[]): number | null {
  return times.reduce((last, atMs) => (atMs !== null && (last === null || atMs > last) ? atMs : last), null);
}
