import { createPorts } from "../../lib/aws/ports.ts";
import { partnerSecretNameFor } from "../../lib/engine/names.ts";
import { describePorts } from "../support/port-suite.ts";
import { stage, startServices } from "./support/services.ts";

describePorts(async (partners) => {
  const services = await startServices();
  return {
    ports: createPorts(services.source, partners),
    setSecret: (partner, secret) =>
      services.keysAndSecrets.secrets.set(partnerSecretNameFor(stage, partner), JSON.stringify(secret)),
    close: services.stop,
  };
});
