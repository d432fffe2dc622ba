/**
 * The program of a function's process. It is started alone (see child-entry.ts), so it imports types and Node only.
 */
import { existsSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ChildMessage, InvokeMessage } from "./child-protocol.ts";

type Handler = (event: unknown, context: object) => unknown;

// A parent that is gone, killed even, closes the channel.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole foreground group; the host decides when a function ends.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);

await start();

async function start(): Promise<void> {
  try {
    const handler = await loadHandler(required("LAMBDA_TASK_ROOT"), required("_HANDLER"));
    process.on("message", (message: InvokeMessage) => void answer(handler, message));
    send({ kind: "ready" });
    // The cache is written at exit, and a function's process is killed instead.
    flushCompileCache();
  } catch (error) {
    console.error(error);
    send({ kind: "initFailed", ...describe(error) });
  }
}

async function answer(handler: Handler, message: InvokeMessage): Promise<void> {
  const { requestId, responseBytesMax } = message;
  process.env["_X_AMZN_TRACE_ID"] = message.traceHeader;
  try {
    const result = await handler(JSON.parse(message.payload), contextOf(message));
    const payload = JSON.stringify(result) ?? "null";
    const sizeBytes = Buffer.byteLength(payload);
    if (sizeBytes <= responseBytesMax) return send({ kind: "returned", requestId, payload });
    const errorMessage = `Response payload size (${sizeBytes} bytes) exceeded maximum allowed payload size (${responseBytesMax} bytes).`;
    send({ kind: "threw", requestId, errorType: "Function.ResponseSizeTooLarge", errorMessage });
  } catch (error) {
    console.error(error);
    send({ kind: "threw", requestId, ...describe(error) });
  }
}

/** Lambda's context object: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
function contextOf(message: InvokeMessage): object {
  const environment = process.env;
  return {
    awsRequestId: message.requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: environment["AWS_LAMBDA_FUNCTION_NAME"],
    functionVersion: environment["AWS_LAMBDA_FUNCTION_VERSION"],
    invokedFunctionArn: message.functionArn,
    logGroupName: environment["AWS_LAMBDA_LOG_GROUP_NAME"],
    logStreamName: environment["AWS_LAMBDA_LOG_STREAM_NAME"],
    memoryLimitInMB: environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    getRemainingTimeInMillis: () => Math.max(0, message.deadlineMs - Date.now()),
  };
}

/** `folder/file.export` of the template to the function itself. */
async function loadHandler(taskRoot: string, handlerName: string): Promise<Handler> {
  const dot = handlerName.lastIndexOf(".");
  const [file, exportName] = [handlerName.slice(0, dot), handlerName.slice(dot + 1)];
  const path = [".mjs", ".js", ".cjs"]
    .map((ending) => join(taskRoot, file + ending))
    .find((candidate) => existsSync(candidate));
  if (dot < 1 || path === undefined)
    throw new Error(`No code for handler ${handlerName} in ${taskRoot}: build the bundles again (cdk synth).`);
  // A module's exports are unknown until they are looked at.
  const loaded = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const handler = loaded[exportName];
  if (typeof handler !== "function")
    throw new Error(
      `${path} exports no function named ${exportName}, which the template's handler ${handlerName} asks for.`,
    );
  // typeof said that it can be called; its parameters are the template's promise.
  return handler as Handler;
}

function describe(error: unknown): { errorType: string; errorMessage: string } {
  if (error instanceof Error) return { errorType: error.name, errorMessage: error.message };
  return { errorType: typeof error, errorMessage: String(error) };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`A function's process was started without ${name}.`);
  return value;
}

function send(message: ChildMessage): void {
  process.send?.(message);
}
