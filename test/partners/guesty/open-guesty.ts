import { createSharedGate } from "../../../lib/engine/gate/shared-gate.ts";
import type { Connection, OutboundAnswer, OutboundRequest } from "../../../lib/engine/ports.ts";
import type { CallResult } from "../../../lib/flows/call-partner.ts";
import { callPartner } from "../../../lib/flows/call-partner.ts";
import type { PartnerRequest } from "../../../lib/engine/define-partner.ts";
import { onTestFinished } from "vitest";
import type { SandboxClock } from "../../../lib/local/sandbox/clock.ts";
import { startSandboxes } from "../../../lib/local/sandbox/run.ts";
import { guesty } from "../../../lib/partners/guesty/driver.ts";
import { sandbox } from "../../../lib/partners/guesty/sandbox.ts";
import { connect, temporaryFolder } from "../../local/sandbox/support/open-sandbox.ts";
import type { OpenSandbox } from "../../local/sandbox/support/open-sandbox.ts";
import { MemoryGateItems } from "../../support/memory/gate-items.ts";
import { createMemoryPorts, startMs } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";

export const client = { clientId: "0oaExampleClient01", clientSecret: "example-client-secret-0001" };
export const webhookSecret = `whsec_${Buffer.from("an invented secret of a webhook").toString("base64")}`;
export const connectionId = "guesty_000000000000000000-0000000000000000";

export const connection: Connection = {
  partner: "guesty",
  connectionId,
  tenantId: "tenant-1",
  name: "Guesty of tenant 1",
  account: null,
  settings: {},
  status: "active",
  sealedWebhookSecret: null,
  revision: 1,
  createdAtMs: startMs,
  updatedAtMs: startMs,
};

export type World = Omit<MemoryPorts, "gate"> & { readonly gate: ReturnType<typeof createSharedGate> };

export interface OpenGuesty {
  readonly open: OpenSandbox;
  /** The flows' ports on the same virtual time as the sandbox, with the real gate, calling the sandbox over HTTP. */
  readonly ports: World;
  /** One call as the flows make it. */
  call(request: Partial<PartnerRequest>): Promise<CallResult>;
  /** The same, waiting as long as it is told to. */
  patient(request: Partial<PartnerRequest>): Promise<Exclude<CallResult, { kind: "wait" }>>;
  /** A call without the driver, with a token of one's own. */
  get(path: string, token: string): Promise<Response>;
  token(over?: Readonly<Record<string, string>>): Promise<Response>;
}

/** A running sandbox of Guesty with one account, the driver's own limits on its other side, and time that only sleeps pass. */
export async function openGuesty(account: object = {}, dataDir = temporaryFolder()): Promise<OpenGuesty> {
  const memory = createMemoryPorts({ partners: [guesty] });
  const clock: SandboxClock = {
    nowMs: () => memory.clock.nowMs(),
    // What is to happen later happens over real sockets, which virtual time does not hurry.
    after(delayMs, run) {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  };
  const running = await startSandboxes([sandbox], { dataDir, clock });
  onTestFinished(() => running.stop());
  const address = running.addresses["guesty"] ?? "";
  const open = connect(address, dataDir, () => running.stop());
  await open.control("POST", "/__sandbox/accounts", { ...client, webhookSecret, ...account });
  memory.transport.respond((request) => send(address, request));
  await memory.credentials.replace(connection, null, client);
  const gate = createSharedGate({ items: new MemoryGateItems(), clock: memory.clock, random: memory.random });
  const ports: World = { ...memory, gate };
  const call = (request: Partial<PartnerRequest>): Promise<CallResult> => {
    const { path = "/listings", query = {}, method = "GET" } = request;
    const deadlineMs = memory.clock.nowMs() + 30_000;
    const whole = { method, path, query, endpoint: `${method} ${path}` };
    return callPartner(ports, { driver: guesty, connection, request: whole, lane: "imports", deadlineMs });
  };
  return {
    open,
    ports,
    call,
    async patient(request) {
      for (let tries = 0; tries < 100; tries++) {
        const result = await call(request);
        if (result.kind !== "wait") return result;
        memory.clock.set(Math.max(memory.clock.nowMs(), result.untilMs));
      }
      throw new Error("a hundred waits were not enough");
    },
    get: (path, token) => fetch(`${address}${path}`, { headers: { authorization: `Bearer ${token}` } }),
    token: (over = {}) =>
      fetch(`${address}/oauth2/token`, {
        method: "POST",
        body: new URLSearchParams({
          grant_type: "client_credentials",
          scope: "open-api",
          client_id: client.clientId,
          client_secret: client.clientSecret,
          ...over,
        }),
      }),
  };
}

/** The transport: the host's name becomes the sandbox's address, and nothing else changes. */
async function send(address: string, request: OutboundRequest): Promise<OutboundAnswer> {
  const url = request.url.replace("https://open-api.guesty.com", address);
  const response = await fetch(url, { method: request.method, headers: request.headers, body: request.body });
  return {
    kind: "answered",
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.arrayBuffer()),
  };
}
