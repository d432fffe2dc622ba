import { beginProbe, endProbe, partnerBreaker } from "../engine/breaker.ts";
import { changed } from "../engine/control.ts";
import type { Control } from "../engine/control.ts";
import type { PartnerDriver, PartnerRequest } from "../engine/define-partner.ts";
import { pageRequest } from "../engine/page-request.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import { callPartner } from "./call-partner.ts";
import type { CallPorts } from "./call-partner.ts";
import { changeControl } from "./change-control.ts";
import { failedOf } from "./guard-call.ts";
import type { WorkContext } from "./outcome.ts";

export type ProbePorts = CallPorts & Pick<Ports, "connections">;

const connectionsLookedAt = 20;
const connectionsTried = 5;

/**
 * While a partner's breaker is open and its time has come: one call, and by its answer the breaker closes or stays open for
 * longer. That the probe begins is stored first, so that over all invocations there is one in a half-open period; an
 * invocation that dies leaves a period that ends, and another follows.
 */
export async function probePartner(
  ports: ProbePorts,
  driver: PartnerDriver,
  control: Control,
  context: WorkContext,
): Promise<Control> {
  // A person's pause holds probes back too.
  if (control.breaker.kind === "closed" || control.pause !== null) return control;
  const begun = await changeControl(ports, control, (current) => {
    const verdict = beginProbe(current.breaker, ports.clock.nowMs(), partnerBreaker);
    return verdict.kind === "probe" && current.pause === null ? changed(current, { breaker: verdict.state }) : current;
  });
  if (begun === null || !begun.stored) return begun?.control ?? control;
  const outcome = await probe(ports, driver, context);
  if (outcome === "not-sent") return begun.control;
  const jitter = ports.random.unit();
  const ended = await changeControl(ports, control, (current) => {
    const breaker = endProbe(current.breaker, outcome, ports.clock.nowMs(), partnerBreaker, jitter);
    return breaker === current.breaker ? current : changed(current, { breaker });
  });
  ports.log.info(`a probe ${outcome}`, { partner: driver.name, breaker: ended?.control.breaker.kind });
  return ended?.control ?? begun.control;
}

async function probe(
  ports: ProbePorts,
  driver: PartnerDriver,
  context: WorkContext,
): Promise<"passed" | "failed" | "not-sent"> {
  const connection = await someConnection(ports, driver);
  const request = connection === null ? null : probeRequestOf(driver);
  // Nobody to ask for, nothing to ask: what comes in decides, and opens it again if it must.
  if (connection === null || request === null) return "passed";
  const { deadlineMs } = context;
  const result = await callPartner(ports, { driver, connection, request, lane: "imports", deadlineMs, probe: true });
  // It waits for a limit or a token: the next period asks.
  if (result.kind === "wait") return "not-sent";
  // A refused credential is an answer: the partner is there.
  return failedOf(result) === true ? "failed" : "passed";
}

/** One of those that are on the schedule, not always the same: its account may be the very one that is broken. */
async function someConnection(ports: ProbePorts, driver: PartnerDriver): Promise<Connection | null> {
  const states = await ports.connections.due(driver.name, Number.MAX_SAFE_INTEGER, connectionsLookedAt);
  const ids = [...new Set(states.map((state) => state.connectionId))];
  const first = Math.floor(ports.random.unit() * ids.length);
  const order = [...ids.slice(first), ...ids.slice(0, first)].slice(0, connectionsTried);
  for (const connectionId of order) {
    const connection = await ports.connections.read(driver.name, connectionId);
    if (connection?.status === "active") return connection;
  }
  return null;
}

/** The driver's own, or the first page of its first resource as an import would ask for it. */
export function probeRequestOf(driver: PartnerDriver): PartnerRequest | null {
  if (driver.probe !== undefined) return driver.probe;
  const [resource] = Object.values(driver.resources);
  if (resource === undefined) return null;
  const request = pageRequest(resource.path, resource.query ?? {}, resource.page.request(null));
  // It counts at the partner as much as a page does.
  return resource.weight === undefined ? request : { ...request, weight: resource.weight.page };
}
