import { totalmem } from "node:os";
import { join } from "node:path";
import { systemClock, type Clock } from "../clock.ts";
import type { FunctionHost, FunctionModel, InvocationResult, LocalServices } from "../types.ts";
import { createAdmission, type AdmissionRequest } from "./admission.ts";
import { childEntry } from "./child-entry.ts";
import { createEnvironmentPool } from "./environment-pool.ts";
import { startExecutionEnvironment, type ExecutionEnvironment } from "./execution-environment.ts";
import { functionEnvironment } from "./function-environment.ts";
import type { FunctionLog } from "./function-log.ts";
import { createFunctionLogs, type FunctionLogs } from "./function-logs.ts";
import { requestBytesMax } from "./limits.ts";
import { startReaper, type Reaper } from "./reaper.ts";
import { newTraceHeader } from "./trace-header.ts";
import { createUnfinished } from "./unfinished.ts";

export interface InvokeOptions {
  /** The caller's X-Ray header, passed on; a new trace otherwise. */
  readonly traceHeader?: string;
  /** Polled and scheduled work: leaves the last places to requests. */
  readonly background?: boolean;
  /** How long to wait for a place before the answer is `throttled`. */
  readonly waitMsMax?: number;
  /** Called when the invocation has its place. */
  readonly onAdmitted?: () => void;
}

/** The host as the parts of the stack see it; functions go by name or ARN. */
export interface LocalFunctionHost extends FunctionHost {
  invoke(functionNameOrArn: string, event: unknown, options?: InvokeOptions): Promise<InvocationResult>;
  find(functionNameOrArn: string): FunctionModel;
  /** Invocations under way or waiting for a place. */
  unfinished(): number;
  /** Invocations begun since the start; two equal readings mean that nothing began between them. */
  begun(): number;
  /** Waits up to `graceMs` for invocations to end, then kills every process. */
  stop(graceMs?: number): Promise<void>;
}

export interface FunctionHostOptions {
  readonly functions: readonly FunctionModel[];
  readonly region: string;
  readonly services: Pick<LocalServices, "endpoint" | "credentialsFor">;
  readonly dataDir: string;
  readonly extraEnvironment?: Readonly<Record<string, string>> | undefined;
  readonly onLine?: ((functionName: string, line: string) => void) | undefined;
  /** Processes that are busy at the same time. Default 10. */
  readonly processesMax?: number | undefined;
  /** Warm processes kept, about 60 MB each with an SDK client. Default: as many as may run, or one for each half gigabyte of this machine. */
  readonly idleMax?: number | undefined;
  /** Bytes of one log file of a function, of which two are kept. Default 5 MB. */
  readonly logFileBytesMax?: number | undefined;
  readonly clock?: Clock | undefined;
}

// Of the places at the same time: polled work must not make a webhook wait for somebody's time-out.
const keptForRequests = 2;
const waitingMax = 1000;
const waitingBytesMax = 64 * 1024 * 1024;
const waitMsMaxDefault = 30_000;
const busyMaxDefault = 10;

/** A stack has more functions than may be busy at once: with too few kept warm, they end each other's processes turn by turn. */
function warmMaxFor(memoryBytes: number): number {
  return Math.min(40, Math.max(busyMaxDefault, Math.floor(memoryBytes / (512 * 1024 * 1024))));
}

/**
 * Runs each function's real bundle in processes of its own, as Lambda does: started when needed, one invocation at a
 * time, reused, killed at the time-out.
 *
 * @example const result = await host.invoke("dev-stripe-import-fan-out", {});
 */
export function createFunctionHost(options: FunctionHostOptions): LocalFunctionHost {
  const clock = options.clock ?? systemClock;
  const processesMax = options.processesMax ?? busyMaxDefault;
  const idleMax = options.idleMax ?? options.processesMax ?? warmMaxFor(totalmem());
  const find = finder(options.functions);
  const logs = createFunctionLogs({
    folder: join(options.dataDir, "logs"),
    fileBytesMax: options.logFileBytesMax ?? 5 * 1024 * 1024,
    onLine: options.onLine,
  });
  const reaper = startReaper();
  const admission = createAdmission(
    { concurrencyMax: processesMax, keptForRequests, waitingMax, waitingBytesMax },
    clock,
  );
  const start = starter(options, logs, reaper);
  const pool = createEnvironmentPool({
    processesMax: Math.max(processesMax, idleMax),
    idleMax,
    start: (name) => start(find(name)),
  });
  const unfinished = createUnfinished(clock);

  async function run(model: FunctionModel, payload: string, invoke: InvokeOptions): Promise<InvocationResult> {
    const payloadBytes = Buffer.byteLength(payload);
    if (payloadBytes > requestBytesMax) return tooLarge(payloadBytes);
    const request: AdmissionRequest = {
      functionName: model.name,
      reservedConcurrency: model.reservedConcurrency,
      background: invoke.background ?? false,
      payloadBytes,
      waitMsMax: invoke.waitMsMax ?? waitMsMaxDefault,
    };
    if ((await admission.admit(request)) === "throttled") return { kind: "throttled" };
    invoke.onAdmitted?.();
    const environment = pool.take(model.name);
    try {
      const result = await environment.invoke(payload, invoke.traceHeader ?? newTraceHeader(clock.nowMs()));
      explain(result, logs.of(model.name));
      return result;
    } finally {
      pool.giveBack(model.name, environment);
      admission.release(request);
    }
  }

  return {
    find,
    unfinished: () => unfinished.count(),
    begun: () => unfinished.begun(),
    invoke(key, event, invoke = {}) {
      const model = find(key);
      return unfinished.during(() => run(model, JSON.stringify(event) ?? "null", invoke));
    },
    async stop(graceMs = 10_000) {
      admission.close();
      await unfinished.none(graceMs);
      await pool.killAll();
      reaper.stop();
      logs.close();
    },
  };
}

function finder(functions: readonly FunctionModel[]): (key: string) => FunctionModel {
  const byKey = new Map(functions.flatMap((model) => [[model.name, model] as const, [model.arn, model] as const]));
  return (key) => {
    const model = byKey.get(key);
    if (model !== undefined) return model;
    throw new Error(
      `The stack has no function ${key}; it has ${functions.map((each) => each.name).join(", ") || "none"}.`,
    );
  };
}

function starter(
  options: FunctionHostOptions,
  logs: FunctionLogs,
  reaper: Reaper,
): (model: FunctionModel) => ExecutionEnvironment {
  const { region, services, dataDir } = options;
  const entryPath = childEntry(dataDir);
  const compileCachePath = join(dataDir, "compile-cache");
  return (model) => {
    const environment = startExecutionEnvironment({
      entryPath,
      functionArn: model.arn,
      timeoutSeconds: model.timeoutSeconds,
      memoryMb: model.memoryMb,
      environment: functionEnvironment({
        model,
        region,
        services,
        extra: options.extraEnvironment ?? {},
        compileCachePath,
      }),
      onLine: (line) => logs.of(model.name).writeLine(line),
    });
    const { pid } = environment;
    if (pid !== undefined) {
      reaper.add(pid);
      void environment.exited.then(() => reaper.remove(pid));
    }
    return environment;
  };
}

/** Lambda's own words, so that what one finds about them applies. */
function explain(result: InvocationResult, log: FunctionLog): void {
  if (result.kind === "timedOut") log.writeLine(`Task timed out after ${result.timeoutSeconds.toFixed(2)} seconds`);
  if (result.kind === "crashed")
    log.writeLine(`Runtime exited with error: exit status ${result.exitCode ?? "unknown (killed)"}`);
}

function tooLarge(payloadBytes: number): InvocationResult {
  const errorMessage = `${payloadBytes} byte payload is too large for the RequestResponse invocation type (limit ${requestBytesMax} bytes)`;
  return { kind: "threw", errorType: "RequestTooLargeException", errorMessage };
}
