import config from "#config";
import { partnerOf } from "../lib/aws/environment.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createPorts } from "../lib/aws/ports.ts";
import { registryOf } from "../lib/engine/registry.ts";
import { fanOut } from "../lib/flows/fan-out.ts";
import { sweep } from "../lib/flows/sweep.ts";

const ports = createPorts(process.env, registryOf(config.partners));
const partner = partnerOf(ports.environment);

/** Once a minute: starts the partner's imports that are due, and nudges those that stand still. */
export const handler = wrapHandler(ports, async () => {
  const driver = ports.partners.find(partner);
  if (driver === null) throw new Error(`no partner "${partner}" in this deployment; add it to sluice.config.ts`);
  // Neither waits for the other's success: a due import that cannot start must not keep a dead one from being found.
  const [started, swept] = await Promise.allSettled([fanOut(ports, driver), sweep(ports, driver)]);
  if (started.status === "rejected") {
    if (swept.status === "rejected") ports.log.error("the sweep failed as well", { partner, error: swept.reason });
    throw started.reason;
  }
  if (swept.status === "rejected") throw swept.reason;
  return { ...started.value, ...swept.value };
});
