import { systemClock, type Clock } from "./clock.ts";
import { createFunctionHost, type LocalFunctionHost } from "./functions/function-host.ts";
import { startMappingPollers, type MappingPollers } from "./functions/mapping-pollers.ts";
import { openScheduleBook } from "./functions/schedule-book.ts";
import { openScheduleStates } from "./functions/schedule-state.ts";
import { createScheduleTargets } from "./functions/schedule-target.ts";
import { createScheduler, type Scheduler } from "./functions/scheduler.ts";
import { startHttpApi, type HttpApi } from "./http/http-api.ts";
import type { LocalLog } from "./log.ts";
import type { Onlooker } from "./onlooker.ts";
import { createSqsClients, type SqsClients } from "./sqs-clients.ts";
import { waitUntilIdle } from "./stack-idle.ts";
import type { HttpApiModel, LocalServices, StackModel } from "./types.ts";

export interface RunStackOptions {
  readonly model: StackModel;
  readonly services: LocalServices;
  readonly dataDir: string;
  readonly httpPort: number;
  readonly extraEnvironment?: Readonly<Record<string, string>> | undefined;
  readonly processesMax?: number | undefined;
  readonly onLog: LocalLog;
  readonly onlooker?: Pick<Onlooker, "told"> | undefined;
  readonly clock?: Clock | undefined;
}

/** Everything of a stack that runs: functions, pollers, schedules and the HTTP API, on services that are there. */
export interface RunningStack {
  readonly url: string;
  readonly host: LocalFunctionHost;
  readonly pollers: MappingPollers;
  fire(scheduleName: string): Promise<void>;
  idle(waitMsMax?: number): Promise<void>;
  /** Finishes what is in hand within `graceMs`, then kills it; the services stay. */
  stop(graceMs?: number): Promise<void>;
}

const graceMsDefault = 10_000;
const idleMsMaxDefault = 120_000;

/**
 * Runs a stack's functions on services that are there already.
 * @throws {Error} when the port is taken, or the model has what AWS would refuse
 */
export async function runStack(options: RunStackOptions): Promise<RunningStack> {
  const { model, services, onLog, dataDir } = options;
  const clock = options.clock ?? systemClock;
  const sqs = createSqsClients(services, model.region);
  const host = hostFor(options, clock);
  const { scheduler, stopScheduling } = schedulerFor(options, { host, sqs, clock });
  let pollers: MappingPollers | null = null;
  let api: HttpApi | null = null;

  async function stop(graceMs = graceMsDefault): Promise<void> {
    stopScheduling();
    // Nothing new comes in, what is in hand gets its time, then the processes go.
    const settled = Promise.all([api?.stop(graceMs), pollers?.stop()]);
    await host.stop(graceMs);
    await settled;
    sqs.close();
  }

  try {
    services.attachFunctions?.(host);
    api = await startHttpApi({
      api: onlyApi(model),
      accountId: model.account,
      port: options.httpPort,
      host,
      clock,
      onLog,
      onlooker: options.onlooker,
    });
    pollers = await startMappingPollers({ model, services, sqs, host, dataDir, clock, onLog });
    services.attachPollers?.(pollers);
    scheduler.start();
  } catch (error) {
    await stop(0);
    throw error;
  }
  const requests = api;
  const unfinished = (): number => host.unfinished() + requests.unfinished() + scheduler.unfinished();
  return {
    url: api.url,
    host,
    pollers,
    fire: (scheduleName) => scheduler.fireNow(scheduleName),
    idle: (waitMsMax = idleMsMaxDefault) =>
      waitUntilIdle({ model, services, sqs, dataDir, clock, unfinished, begun: () => host.begun() }, waitMsMax),
    stop,
  };
}

function hostFor(options: RunStackOptions, clock: Clock): LocalFunctionHost {
  const { model, services, dataDir, extraEnvironment, processesMax, onLog } = options;
  return createFunctionHost({
    functions: model.functions,
    region: model.region,
    services,
    dataDir,
    extraEnvironment,
    processesMax,
    clock,
    onLine: (source, text) => onLog({ level: "info", source, text }),
  });
}

interface SchedulerParts {
  readonly host: LocalFunctionHost;
  readonly sqs: SqsClients;
  readonly clock: Clock;
}

function schedulerFor(
  { model, services, dataDir, onLog }: RunStackOptions,
  { host, sqs, clock }: SchedulerParts,
): { readonly scheduler: Scheduler; readonly stopScheduling: () => void } {
  const stopping = new AbortController();
  const { account, region } = model;
  const scheduler = createScheduler({
    list: () => services.schedules?.list() ?? model.schedules,
    book: openScheduleBook(openScheduleStates(dataDir)),
    targets: createScheduleTargets({ host, sqs, clock, signal: stopping.signal, account, region, onLog }),
    clock,
    onLog,
  });
  const unsubscribe = services.schedules?.subscribe(() => scheduler.refresh());
  const stopScheduling = (): void => {
    unsubscribe?.();
    scheduler.stop();
    stopping.abort();
  };
  return { scheduler, stopScheduling };
}

function onlyApi(model: StackModel): HttpApiModel {
  const [api, second] = model.apis;
  if (second !== undefined)
    throw new Error(
      `The local stack serves one HTTP API, and the templates have ${model.apis.map((each) => each.name).join(", ")}.`,
    );
  return api ?? { id: "none", name: "none", routes: [], defaultThrottle: null };
}
