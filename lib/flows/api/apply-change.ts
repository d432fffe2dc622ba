import type { Connection } from "../../engine/ports.ts";
import { changeConnection } from "../connections/change-connection.ts";
import type { ConnectionChange } from "../connections/change-connection.ts";
import { actorOf } from "./actor.ts";
import { connectionDetail } from "./connection-view.ts";
import type { Reply } from "./envelope.ts";
import { driverOf } from "./find-connection.ts";
import { type ApiProblem, notFound, problem } from "./problem.ts";
import type { ApiPorts, AuthorisedRequest } from "./request.ts";

/** Changes a connection and answers with it, or throws the 4xx that says why not. */
export async function applyChange(
  ports: ApiPorts,
  request: AuthorisedRequest,
  connection: Connection,
  change: ConnectionChange,
): Promise<Reply> {
  const driver = driverOf(ports, connection);
  const result = await changeConnection(ports, driver, connection, change, actorOf(request));
  switch (result.kind) {
    case "changed":
      return { status: 200, data: await connectionDetail(ports, result.connection) };
    case "gone":
      throw notFound("such connection");
    case "partner-not-ready":
      throw partnerNotReady(driver.name);
    case "contended":
      throw contended();
  }
}

export function contended(): ApiProblem {
  return problem(409, "changed-meanwhile", "Others changed this connection at the same time; ask again.");
}

export function partnerNotReady(partner: string): ApiProblem {
  const message = `The secret of partner ${partner} is not there; deploy the partner's stack, then ask again.`;
  return problem(503, "partner-not-ready", message);
}
