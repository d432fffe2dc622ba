import type { ExecutionEnvironment } from "./execution-environment.ts";

/** The processes that are started: busy ones, and idle ones kept warm for their function. */
export interface EnvironmentPool {
  /** An idle process of this function, or a new one; makes room by ending whoever has been idle for longest. */
  take(functionName: string): ExecutionEnvironment;
  /** Gives a process back after an invocation; one that is no longer alive is forgotten. */
  giveBack(functionName: string, environment: ExecutionEnvironment): void;
  /** Kills every process and resolves when all are gone. */
  killAll(): Promise<void>;
}

interface Idle {
  readonly functionName: string;
  readonly environment: ExecutionEnvironment;
}

export interface EnvironmentPoolOptions {
  /** Busy and idle processes together. */
  readonly processesMax: number;
  readonly idleMax: number;
  readonly start: (functionName: string) => ExecutionEnvironment;
}

export function createEnvironmentPool(options: EnvironmentPoolOptions): EnvironmentPool {
  const started = new Set<ExecutionEnvironment>();
  // The one used last stands last.
  let idle: readonly Idle[] = [];

  function forget(environment: ExecutionEnvironment): void {
    started.delete(environment);
    idle = idle.filter((entry) => entry.environment !== environment);
  }

  function evictOldest(): void {
    const oldest = idle[0];
    if (oldest === undefined) return;
    forget(oldest.environment);
    oldest.environment.kill();
  }

  function startNew(functionName: string): ExecutionEnvironment {
    if (started.size >= options.processesMax) evictOldest();
    const environment = options.start(functionName);
    started.add(environment);
    void environment.exited.then(() => forget(environment));
    return environment;
  }

  return {
    take(functionName) {
      const warm = idle.findLast((entry) => entry.functionName === functionName && entry.environment.alive());
      if (warm === undefined) return startNew(functionName);
      idle = idle.filter((entry) => entry !== warm);
      return warm.environment;
    },
    giveBack(functionName, environment) {
      if (!environment.alive()) return forget(environment);
      idle = [...idle, { functionName, environment }];
      if (idle.length > options.idleMax) evictOldest();
    },
    async killAll() {
      const all = [...started];
      for (const environment of all) environment.kill();
      await Promise.all(all.map((environment) => environment.exited));
    },
  };
}
