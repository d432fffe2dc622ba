import { fork, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { InvocationResult } from "../types.ts";
import type { ChildMessage, InvokeMessage } from "./child-protocol.ts";
import { lineSplitter } from "./function-log.ts";
import { initSecondsMax, responseBytesMax } from "./limits.ts";

/** One process that runs one function, one invocation at a time. */
export interface ExecutionEnvironment {
  /** Undefined when the process could not be started. */
  readonly pid: number | undefined;
  /** Runs one event given as JSON text. After `timedOut` or `crashed` the process is gone. */
  invoke(payload: string, traceHeader: string): Promise<InvocationResult>;
  /** Whether it can take another invocation. */
  alive(): boolean;
  kill(): void;
  /** Resolves when the process has ended. */
  readonly exited: Promise<void>;
}

export interface ExecutionEnvironmentOptions {
  readonly entryPath: string;
  readonly functionArn: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** What ended a wait: a message of the process, its exit, or the clock. */
type Outcome =
  | { readonly kind: "message"; readonly message: ChildMessage }
  | { readonly kind: "exit"; readonly code: number | null }
  | { readonly kind: "late" };

/** Starts the process; its first invocation waits until the code is loaded, which does not count against the time-out. */
export function startExecutionEnvironment(options: ExecutionEnvironmentOptions): ExecutionEnvironment {
  const child = fork(options.entryPath, [], {
    env: { ...options.environment },
    // Never the parent's own flags: a debugger's port would be taken twice.
    execArgv: [`--max-old-space-size=${options.memoryMb}`],
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  collectLines(child, options.onLine);
  const watched = watch(child);
  const ready = watched.waitFor(
    (message) => message.kind === "ready" || message.kind === "initFailed",
    initSecondsMax(options.timeoutSeconds) * 1000,
  );

  async function invoke(payload: string, traceHeader: string): Promise<InvocationResult> {
    const start = await ready;
    if (start.kind !== "message") return ended(start, initSecondsMax(options.timeoutSeconds));
    if (start.message.kind === "initFailed") return failed(start.message);
    const requestId = randomUUID();
    const timeoutMs = options.timeoutSeconds * 1000;
    const message: InvokeMessage = {
      kind: "invoke",
      requestId,
      functionArn: options.functionArn,
      payload,
      deadlineMs: Date.now() + timeoutMs,
      traceHeader,
      responseBytesMax,
    };
    const answer = watched.waitFor(
      (candidate) => "requestId" in candidate && candidate.requestId === requestId,
      timeoutMs,
    );
    // A process that died meanwhile refuses the message; its exit, not this error, is the answer.
    if (child.connected) child.send(message, () => undefined);
    const outcome = await answer;
    if (outcome.kind !== "message") return ended(outcome, options.timeoutSeconds);
    if (outcome.message.kind === "returned") return { kind: "returned", payload: JSON.parse(outcome.message.payload) };
    return failed(outcome.message);
  }

  function ended(outcome: Exclude<Outcome, { kind: "message" }>, timeoutSeconds: number): InvocationResult {
    child.kill("SIGKILL");
    if (outcome.kind === "late") return { kind: "timedOut", timeoutSeconds };
    return { kind: "crashed", exitCode: outcome.code };
  }

  function failed(message: ChildMessage): InvocationResult {
    if (message.kind === "initFailed") child.kill("SIGKILL");
    if (message.kind === "initFailed" || message.kind === "threw")
      return { kind: "threw", errorType: message.errorType, errorMessage: message.errorMessage };
    throw new Error(`A function's process sent "${message.kind}" where an error was due.`);
  }

  return {
    pid: child.pid,
    invoke,
    alive: () => !watched.hasExited() && !child.killed && child.connected,
    kill: () => void child.kill("SIGKILL"),
    exited: watched.exited,
  };
}

interface Watch {
  waitFor(wanted: (message: ChildMessage) => boolean, timeoutMs: number): Promise<Outcome>;
  hasExited(): boolean;
  readonly exited: Promise<void>;
}

/** One wait at a time, as a process has one invocation at a time; nothing piles up on a process that lives long. */
function watch(child: ChildProcess): Watch {
  let exit: { readonly kind: "exit"; readonly code: number | null } | null = null;
  let waiting: { wanted(message: ChildMessage): boolean; settle(outcome: Outcome): void } | null = null;

  const exited = new Promise<void>((resolve) => {
    const leave = (code: number | null): void => {
      exit ??= { kind: "exit", code };
      waiting?.settle(exit);
      resolve();
    };
    child.once("exit", leave);
    // The process could not be started at all.
    child.on("error", () => leave(null));
  });
  child.on("message", (message: ChildMessage) => {
    if (waiting?.wanted(message) === true) waiting.settle({ kind: "message", message });
  });

  function waitFor(wanted: (message: ChildMessage) => boolean, timeoutMs: number): Promise<Outcome> {
    if (exit !== null) return Promise.resolve(exit);
    return new Promise((resolve) => {
      const settle = (outcome: Outcome): void => {
        clearTimeout(timer);
        waiting = null;
        resolve(outcome);
      };
      const timer = setTimeout(() => settle({ kind: "late" }), timeoutMs);
      waiting = { wanted, settle };
    });
  }
  return { waitFor, hasExited: () => exit !== null, exited };
}

function collectLines(child: ChildProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    const lines = lineSplitter(onLine);
    stream.setEncoding("utf8");
    stream.on("data", (chunk: string) => lines.push(chunk));
    stream.on("end", () => lines.end());
  }
}
