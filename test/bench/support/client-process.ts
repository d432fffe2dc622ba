import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ClientMessage } from "./pipeline-tasks.ts";
import type { Task } from "./pipeline-tasks.ts";

export interface ClientProcess {
  /** Where the partner answers. */
  readonly partnerUrl: string;
  /** @throws when the task failed */
  run(task: Task): Promise<void>;
  stop(): Promise<void>;
}

const file = fileURLToPath(new URL("pipeline-client.ts", import.meta.url));

export async function startClient(): Promise<ClientProcess> {
  const child = fork(file, { execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const next = (): Promise<ClientMessage> =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error("the client's process ended"));
      child.once("exit", fail);
      child.once("message", (message) => {
        child.off("exit", fail);
        resolve(ClientMessage.parse(message));
      });
    });
  const listening = await next();
  if (listening.kind !== "listening") throw new Error("the client's process did not start");
  return {
    partnerUrl: listening.url,
    async run(task) {
      const answer = next();
      child.send(task);
      const message = await answer;
      if (message.kind === "failed") throw new Error(message.error);
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
