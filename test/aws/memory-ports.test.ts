import { createMemoryPorts } from "../support/memory-ports.ts";
import { describePorts } from "../support/port-suite.ts";

describePorts("the ports in memory", async (partners) => {
  const ports = createMemoryPorts({ partners: partners.all() });
  return { ports, setSecret: (partner, secret) => ports.partnerSecrets.set(partner, secret), close: async () => {} };
});
