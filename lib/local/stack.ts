import type { LocalFunctionHost } from "./functions/function-host.ts";
import type { LocalLog } from "./log.ts";
import type { Onlooker } from "./onlooker.ts";
import { runStack } from "./run-stack.ts";
import { startServices } from "./services/index.ts";
import { acquireStackLock } from "./stack-lock.ts";
import { loadStackModel, withEndpoint } from "./template/index.ts";
import type { LocalServices, StackModel } from "./types.ts";

export interface LocalStackOptions {
  /** The synthesised templates and bundles. */
  readonly cdkOutDir: string;
  /** All state; survives stops and kills. One stack at a time. */
  readonly dataDir: string;
  /** Port of the HTTP API; 0 takes any free one. */
  readonly httpPort: number;
  /** Variables that every function gets besides its template's, such as the table of sandbox hosts. */
  readonly extraEnvironment?: Readonly<Record<string, string>> | undefined;
  /** Function processes at the same time. Default 10. */
  readonly processesMax?: number | undefined;
  /** Hears what functions print and what goes wrong. */
  readonly onLog?: LocalLog | undefined;
  /** Sees all that functions say. */
  readonly onlooker?: Onlooker | undefined;
}

/** The synthesised stack, running on this machine. */
export interface LocalStack {
  /** Where the HTTP API is served: `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly model: StackModel;
  readonly services: LocalServices;
  readonly host: LocalFunctionHost;
  /** Fires a schedule now; resolves after its target's first try. */
  fire(scheduleName: string): Promise<void>;
  /**
   * Resolves when nothing is left to do; rejects after `waitMsMax` (default two minutes), saying what is.
   */
  idle(waitMsMax?: number): Promise<void>;
  /** Finishes invocations in hand within `graceMs` (default ten seconds), then kills them; state stays. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts the stack that `cdk synth` wrote, on loopback only.
 * @throws {Error} when the port or the data folder is taken, or the templates hold what cannot be run
 * @example const stack = await startLocalStack({ cdkOutDir: "cdk.out", dataDir: ".sluice", httpPort: 4000 });
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { dataDir } = options;
  const { onlooker } = options;
  const onLog: LocalLog = (line) => {
    onlooker?.line(line);
    options.onLog?.(line);
  };
  const lock = acquireStackLock(dataDir);
  let services: LocalServices | null = null;
  try {
    const loaded = loadStackModel(options.cdkOutDir);
    const started = await startServices({
      model: loaded,
      dataDir,
      onlooker,
      log: (text) => onLog({ level: "warn", source: "services", text }),
    });
    services = started;
    const model = withEndpoint(loaded, started.endpoint);
    const running = await runStack({ ...options, model, services: started, onLog });
    let stopped: Promise<void> | null = null;
    const stop = async (graceMs: number | undefined): Promise<void> => {
      await running.stop(graceMs);
      await started.stop();
      lock.release();
    };
    return { ...running, model, services: started, stop: (graceMs) => (stopped ??= stop(graceMs)) };
  } catch (error) {
    await services?.stop();
    lock.release();
    throw error;
  }
}
