import type { WorkContext } from "../../../lib/flows/outcome.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";
import { ServiceFault } from "./fault-layer.ts";
import { Instance } from "./instance.ts";
import type { WorkerPorts } from "./worker-ports.ts";

export type Ended<T> =
  | { readonly kind: "returned"; readonly value: T }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "died" };

export interface FunctionSettings {
  readonly name: string;
  readonly timeoutMs: number;
  /** Kept back to put down what is in hand. */
  readonly leavingMs: number;
  readonly skewMsMax: number;
  readonly oversleep: number;
}

interface Warm {
  readonly instance: Instance;
  readonly ports: WorkerPorts;
}

/** A Lambda function: instances that are kept warm, work one invocation at a time, and die with whatever they were doing. */
export class SimulatedFunction {
  readonly settings: FunctionSettings;
  readonly #ground: Ground;
  readonly #prng: Prng;
  readonly #portsFor: (instance: Instance) => WorkerPorts;
  readonly #idle: Warm[] = [];
  #instances = 0;
  #invocations = 0;

  constructor(ground: Ground, prng: Prng, settings: FunctionSettings, portsFor: (instance: Instance) => WorkerPorts) {
    this.#ground = ground;
    this.#prng = prng;
    this.settings = settings;
    this.#portsFor = portsFor;
  }

  async invoke<T>(work: (ports: WorkerPorts, context: WorkContext) => Promise<T>): Promise<Ended<T>> {
    const { loop, trace, coverage } = this.#ground;
    const { timeoutMs, leavingMs } = this.settings;
    const warm = this.#prng.chance(0.95) ? this.#takeIdle() : undefined;
    await loop.sleep(warm === undefined ? this.#prng.between(80, 900) : this.#prng.between(1, 10));
    const { instance, ports } = warm ?? this.#start();
    const workerId = `${instance.id}.${++this.#invocations}`;
    const ended = await new Promise<Ended<T>>((resolve) => {
      instance.onDeath = (how) => {
        coverage.count(how === "time-out" ? "worker timed out" : "worker died");
        trace.add(loop.nowMs(), `${workerId} died: ${how}`);
        resolve({ kind: "died" });
      };
      let isOver = false;
      loop.after(timeoutMs, () => {
        if (!isOver) instance.die("time-out");
      });
      const end = (how: Ended<T>): void => {
        isOver = true;
        resolve(how);
      };
      work(ports, { workerId, deadlineMs: instance.clock.nowMs() + timeoutMs - leavingMs }).then(
        (value) => end({ kind: "returned", value }),
        (error: unknown) => end({ kind: "threw", error }),
      );
    });
    if (ended.kind !== "died") this.#idle.push({ instance, ports });
    if (ended.kind === "threw") this.#threw(workerId, ended.error);
    return ended;
  }

  #takeIdle(): Warm | undefined {
    for (let warm = this.#idle.pop(); warm !== undefined; warm = this.#idle.pop())
      if (warm.instance.isAlive) return warm;
    return undefined;
  }

  #start(): Warm {
    const id = `${this.settings.name}-${++this.#instances}`;
    const instance = new Instance(this.#ground, this.#prng.fork(id), id, this.settings);
    return { instance, ports: this.#portsFor(instance) };
  }

  #threw(worker: string, error: unknown): void {
    const isFault = error instanceof ServiceFault;
    this.#ground.coverage.count(isFault ? "worker threw a service's fault" : "worker threw");
    this.#ground.trace.add(this.#ground.loop.nowMs(), `${worker} threw ${String(error)}`);
    this.#ground.tell({ kind: "worker-threw", worker, error });
  }
}
