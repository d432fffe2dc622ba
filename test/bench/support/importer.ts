import { systemClock, systemRandom } from "../../../lib/aws/clock.ts";
import { createPorts } from "../../../lib/aws/ports.ts";
import { nudgeFor } from "../../../lib/engine/nudge.ts";
import type { Clock, Log, Ports, Transport } from "../../../lib/engine/ports.ts";
import { registryOf } from "../../../lib/engine/registry.ts";
import { pushRun } from "../../../lib/flows/push-run.ts";
import { startRun } from "../../../lib/flows/start-run.ts";
import { connectionOf, stateOf } from "./bench-connection.ts";
import { unlimitedStripe as driver } from "./unlimited-config.ts";
import type { ChargePages } from "./pages.ts";
import { environmentAt } from "./webhook-world.ts";

export interface Importer {
  /** Imports everything into a connection of its own. */
  importAll(): Promise<void>;
  /** Passes over the last connection once more. */
  importAgain(): Promise<void>;
}

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** The import flow on real AWS ports at an endpoint, the partner answered from memory. */
export function createImporter(given: {
  readonly stage: string;
  readonly endpoint: string;
  readonly pages: Pick<ChargePages, "after">;
  /** The system's own unless a benchmark lets a day pass. */
  readonly clock?: Clock;
  /** Called while the partner answers. */
  readonly answering?: () => void;
}): Importer {
  const credential = { fields: { apiKey: "sk_test_bench" }, revision: 1, storedAtMs: 0 };
  process.env["AWS_ACCESS_KEY_ID"] = "bench";
  process.env["AWS_SECRET_ACCESS_KEY"] = "bench";
  const environment = { ...environmentAt(given.endpoint), SLUICE_STAGE: given.stage };
  const world = { clock: given.clock ?? systemClock, random: systemRandom };
  const real = createPorts(environment, registryOf([driver]), world);
  const sent: Ports["lanes"] = { send: async () => {}, giveUp: (_job, why) => Promise.reject(new Error(why.message)) };
  const ports: Ports = {
    ...real,
    log: silent,
    lanes: sent,
    transport: answering(given.pages, given.answering),
    // Kept for a minute after its one read and one decryption, so it is not what an import's time goes to.
    credentials: { ...real.credentials, read: async () => credential },
  };
  let connections = 0;
  let passes = 0;
  let connection = connectionOf(driver.name, connections);
  const run = async (slot: string): Promise<void> => {
    const state = await ports.connections.readResource(driver.name, connection.connectionId, "charges");
    if (state === null) throw new Error("the resource is not there");
    const started = await startRun(ports, { driver, connection, state, mode: "full", trigger: "manual", slot });
    if (started.kind !== "started") throw new Error("the run did not start");
    const job = nudgeFor(started.run, ports.clock.nowMs());
    if (job.work.kind !== "push") throw new Error("a nudge pushes");
    const outcome = await pushRun(ports, driver, job, job.work, {
      workerId: "bench",
      deadlineMs: ports.clock.nowMs() + 300_000,
    });
    const ended = await ports.runs.read(driver.name, connection.connectionId, started.run.runId);
    if (outcome.kind !== "done" || ended?.status.kind !== "done") throw new Error(`the run is ${ended?.status.kind}`);
  };
  return {
    async importAll() {
      connection = connectionOf(driver.name, ++connections);
      await ports.connections.create(connection);
      await ports.connections.createResource(stateOf(connection));
      await run("first");
    },
    importAgain: () => run(`again-${++passes}`),
  };
}

function answering(pages: Pick<ChargePages, "after">, pass: () => void = () => {}): Transport {
  return {
    async send(request) {
      pass();
      return {
        kind: "answered",
        status: 200,
        headers: { "content-type": "application/json" },
        body: pages.after(new URL(request.url).searchParams.get("starting_after")),
      };
    },
  };
}
