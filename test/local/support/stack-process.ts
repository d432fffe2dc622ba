import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A local stack in a process of its own, to be killed. */
export interface StackProcess {
  readonly url: string;
  /** SIGKILL, and resolves when it is dead. */
  kill(): Promise<void>;
}

const program = `
  import { startLocalStack } from ${JSON.stringify(new URL("../../../lib/local/stack.ts", import.meta.url).href)};
  const [cdkOutDir, dataDir] = process.argv.slice(1);
  const stack = await startLocalStack({ cdkOutDir, dataDir, httpPort: 0 });
  console.log(stack.url);
`;

export async function startStackProcess(cdkOutDir: string, dataDir: string): Promise<StackProcess> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, cdkOutDir, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  return { url: await firstLine(child), kill };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("The stack's process was started without a pipe for its output.");
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("The stack's process ended before it said where it listens.");
}
