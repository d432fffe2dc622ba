import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Sleep } from "../support/wait-until-empty.ts";

/** What a deploy does to the machine that it runs on. */
export interface DeployWorld {
  readonly sleep: Sleep;
  /** Runs a command with this terminal, and gives its exit code; with `quiet` all that it prints goes to standard error. */
  runCommand(words: readonly string[], quiet: boolean): Promise<number>;
  /** Calls back at the first Ctrl-C (or SIGTERM); a second one ends the process. The answer undoes it. */
  onInterrupt(callback: () => void): () => void;
}

export const thisMachine: DeployWorld = { sleep, runCommand, onInterrupt };

async function runCommand([name = "", ...words]: readonly string[], quiet: boolean): Promise<number> {
  const child = spawn(name, words, { stdio: ["inherit", quiet ? 2 : "inherit", "inherit"] });
  // A terminal's Ctrl-C reaches the command by itself; what a pipeline sends reaches only us.
  const forward = (): void => void child.kill("SIGTERM");
  process.on("SIGTERM", forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code ?? 1));
    });
  } finally {
    process.off("SIGTERM", forward);
  }
}

function onInterrupt(callback: () => void): () => void {
  let interrupts = 0;
  const listener = (): void => {
    interrupts += 1;
    if (interrupts > 1) process.exit(130);
    callback();
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
