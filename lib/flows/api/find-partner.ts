import type { PartnerDriver } from "../../engine/define-partner.ts";
import { notFound } from "./problem.ts";
import type { ApiPorts } from "./request.ts";

/** The driver of a name, or the 404. */
export function findPartner(ports: Pick<ApiPorts, "partners">, name: string): PartnerDriver {
  const driver = ports.partners.find(name);
  if (driver === null) throw notFound("such partner");
  return driver;
}
