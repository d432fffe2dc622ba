import type { Job } from "../../../lib/engine/job.ts";
import { lanes } from "../../../lib/engine/job.ts";
import type { OutboundRequest, Ports } from "../../../lib/engine/ports.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { controlPartner } from "../../../lib/flows/control-partner.ts";
import { fanOut } from "../../../lib/flows/fan-out.ts";
import { sweep } from "../../../lib/flows/sweep.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { MemoryMappings } from "../../support/memory/mappings.ts";
import { acme, AcmeServer, connectedPorts, connectionId } from "./acme.ts";
import { Died } from "./world.ts";
import type { Death } from "./world.ts";

const tickMs = 5_000;
const minuteMs = 60_000;
const visibilityMs = 360_000;
const workerMs = 30_000;

/** How Acme answers from some moment on. */
export type Weather = "well" | "down" | "refusing";

/**
 * Acme with its functions and queues in virtual time: schedules every minute, and lanes that are polled only while their
 * mappings say so. One invocation of partner-control may die on the way.
 */
export class HeldWorld {
  readonly server: AcmeServer;
  readonly mappings: MemoryMappings;
  readonly ports: MemoryPorts;
  weather: Weather = "well";
  /** The key whose calls alone are answered 500. */
  failFor: string | null = null;
  refused = 0;
  /** Told of each call before it is answered. */
  onCall: (url: string) => Promise<void> = async () => undefined;
  /** When each call reached Acme, and whether it was let in. */
  readonly arrivals: { readonly atMs: number; readonly weather: Weather }[] = [];
  /** Reports of partner-control, in order. */
  readonly amiss: string[] = [];
  died = false;
  calls = 0;
  readonly #invisible: { job: Job; atMs: number }[] = [];
  #minuteAtMs = 0;

  private constructor(ports: MemoryPorts, server: AcmeServer) {
    this.ports = ports;
    this.server = server;
    this.mappings = new MemoryMappings(ports.clock);
  }

  static async open(orders = 25): Promise<HeldWorld> {
    const server = new AcmeServer(orders);
    const ports = await connectedPorts(server);
    const world = new HeldWorld(ports, server);
    ports.transport.respond((request) => world.#answer(request));
    return world;
  }

  /** Lets so much time pass. `mortal` wraps the ports of partner-control's invocations while they live. */
  async run(
    forMs: number,
    control: (ports: Ports, mappings: MemoryMappings) => Promise<void> = this.#control,
  ): Promise<void> {
    const untilMs = this.ports.clock.nowMs() + forMs;
    while (this.ports.clock.nowMs() < untilMs) {
      if (this.ports.clock.nowMs() >= this.#minuteAtMs) {
        this.#minuteAtMs = this.ports.clock.nowMs() + minuteMs;
        await control.call(this, this.ports, this.mappings);
        await fanOut(this.ports, acme);
        await sweep(this.ports, acme);
      }
      await this.#consume();
      this.ports.clock.advance(tickMs);
    }
  }

  readonly #control = async (ports: Ports, mappings: MemoryMappings): Promise<void> => {
    const deadlineMs = ports.clock.nowMs() + workerMs;
    const report = await controlPartner({ ...ports, mappings }, acme, { workerId: "control", deadlineMs });
    this.amiss.push(...report.amiss);
  };

  async #consume(): Promise<void> {
    const { ports } = this;
    const nowMs = ports.clock.nowMs();
    const back = this.#invisible.filter((message) => message.atMs <= nowMs);
    for (const message of back) this.#invisible.splice(this.#invisible.indexOf(message), 1);
    for (const lane of lanes) {
      if (!this.mappings.polls(lane)) continue;
      const jobs = [
        ...back.filter(({ job }) => job.lane === lane).map(({ job }) => job),
        ...ports.lanes.take(lane, nowMs),
      ];
      for (const job of jobs) {
        const context = { workerId: ports.random.id(), deadlineMs: nowMs + workerMs };
        await consumeJob(ports, job, context);
      }
    }
    for (const message of back)
      if (!this.mappings.polls(message.job.lane)) this.#invisible.push({ ...message, atMs: nowMs + visibilityMs });
  }

  async #answer({ url, headers }: OutboundRequest) {
    await this.onCall(url);
    this.arrivals.push({ atMs: this.ports.clock.nowMs(), weather: this.weather });
    const fails = this.failFor !== null && headers["authorization"] === `Bearer ${this.failFor}`;
    if (fails) this.refused += 1;
    if (this.weather === "well" && !fails) {
      const { status, body } = this.server.answer(url);
      return { kind: "answered", status, headers: {}, body: Buffer.from(JSON.stringify(body)) } as const;
    }
    const status = this.weather === "refusing" ? 401 : 500;
    return { kind: "answered", status, headers: {}, body: Buffer.from("{}") } as const;
  }
}

/** Runs partner-control as a process that dies at its n-th effect, once; the next invocation is another process. */
export function dyingControl(
  world: HeldWorld,
  death: Death,
): (ports: Ports, mappings: MemoryMappings) => Promise<void> {
  return async (ports, mappings) => {
    const context = { workerId: "control", deadlineMs: ports.clock.nowMs() + workerMs };
    let dead = false;
    const wrap = <Port extends object>(port: Port): Port =>
      new Proxy(port, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target);
          if (typeof member !== "function") return member;
          return async (...args: unknown[]): Promise<unknown> => {
            if (dead) throw new Died("dead already");
            world.calls += 1;
            const dies = !world.died && world.calls === death.atCall;
            if (dies) {
              dead = true;
              world.died = true;
            }
            if (dies && death.when === "before") throw new Died("before");
            const result: unknown = await Reflect.apply(member, target, args);
            if (dies) throw new Died("after");
            return result;
          };
        },
      });
    const effects = {
      lanes: wrap(ports.lanes),
      control: wrap(ports.control),
      parked: wrap(ports.parked),
      connections: wrap(ports.connections),
      credentials: wrap(ports.credentials),
      transport: wrap(ports.transport),
      gate: wrap(ports.gate),
    };
    try {
      const report = await controlPartner({ ...ports, ...effects, mappings: wrap(mappings) }, acme, context);
      world.amiss.push(...report.amiss);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
  };
}

export function webhookJob(id: string, touched: readonly string[], nowMs: number): Job {
  return {
    version: 1,
    id,
    partner: "acme",
    connectionId,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 7 * 86_400_000,
    trace: "trace",
    replayOf: null,
    work: {
      kind: "webhook",
      receivedAtMs: nowMs,
      contentType: "application/json",
      body: { kind: "text", text: JSON.stringify({ touched }) },
    },
  };
}
