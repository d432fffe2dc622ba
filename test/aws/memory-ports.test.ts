import { createMemoryPorts } from "../support/memory-ports.ts";
import { describePorts } from "../support/port-suite.ts";

describePorts(async (partners) => {
  const ports = createMemoryPorts({ partners: partners.all() });
  return { ports, setSecret: (partner, secret) => ports.partnerSecrets.set(partner, secret), close: async () => {} };
});
