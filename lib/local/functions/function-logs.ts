import { openFunctionLog, type FunctionLog, type FunctionLogOptions } from "./function-log.ts";

/** Every function's log, opened when its first line comes. */
export interface FunctionLogs {
  of(functionName: string): FunctionLog;
  close(): void;
}

export function createFunctionLogs(options: Omit<FunctionLogOptions, "functionName">): FunctionLogs {
  const open = new Map<string, FunctionLog>();
  return {
    of(functionName) {
      const log = open.get(functionName) ?? openFunctionLog({ ...options, functionName });
      open.set(functionName, log);
      return log;
    },
    close() {
      for (const log of open.values()) log.close();
    },
  };
}
