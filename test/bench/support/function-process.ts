import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as z from "zod";

const Ready = z.object({ kind: z.literal("ready"), readyMs: z.number(), cpuMs: z.number(), rssMb: z.number() });
const Answered = z.object({
  kind: z.literal("answered"),
  answer: z.looseObject({ statusCode: z.int() }),
  tookMs: z.number(),
  sinceStartMs: z.number(),
  /** Processor time since the process began. */
  cpuMs: z.number(),
});
const Message = z.discriminatedUnion("kind", [
  Ready,
  Answered,
  z.object({ kind: z.literal("threw"), error: z.string() }),
]);

type Message = z.infer<typeof Message>;

export interface FunctionProcess {
  readonly ready: z.infer<typeof Ready>;
  /** @throws when the handler threw, or the process ended */
  invoke(event: unknown): Promise<z.infer<typeof Answered>>;
  /** Bytes written to standard output, which Lambda keeps as logs, since they were last taken. */
  takeLoggedBytes(): number;
  stop(): Promise<void>;
}

const child = fileURLToPath(new URL("function-child.js", import.meta.url));
const stderrCharsMax = 4_000;
/** A process that says nothing for so long has failed. */
const silenceMsMax = 20_000;

/** Starts a bundle in a fresh process with the given variables alone, and waits until it has been imported. */
export async function startFunction(
  bundlePath: string,
  environment: Readonly<Record<string, string>>,
): Promise<FunctionProcess> {
  const forked = fork(child, [bundlePath], {
    // The parent's own flags would be loaded too.
    execArgv: [],
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let loggedBytes = 0;
  forked.stdout?.on("data", (chunk: Buffer) => {
    loggedBytes += chunk.byteLength;
  });
  let stderr = "";
  forked.stderr?.on("data", (chunk) => {
    stderr = `${stderr}${String(chunk)}`.slice(-stderrCharsMax);
  });
  const ended = new Promise<void>((resolve) => forked.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    forked.kill("SIGKILL");
    await ended;
  };
  const next = (): Promise<Message> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no word from ${bundlePath} for ${silenceMsMax} ms. ${stderr}`)),
        silenceMsMax,
      );
      const fail = (): void => {
        clearTimeout(timer);
        reject(new Error(`${bundlePath} ended. ${stderr}`));
      };
      forked.once("exit", fail);
      forked.once("message", (message) => {
        clearTimeout(timer);
        forked.off("exit", fail);
        resolve(Message.parse(message));
      });
    });
  try {
    const ready = Ready.parse(await next());
    return {
      ready,
      async invoke(event) {
        const answered = next();
        // An event is plain JSON.
        forked.send(event as object);
        const message = await answered;
        if (message.kind === "threw") throw new Error(`${bundlePath}: ${message.error}`);
        return Answered.parse(message);
      },
      takeLoggedBytes() {
        const taken = loggedBytes;
        loggedBytes = 0;
        return taken;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
