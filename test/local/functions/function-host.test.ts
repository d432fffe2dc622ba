import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import {
  createFunctionHost,
  type FunctionHostOptions,
  type LocalFunctionHost,
} from "../../../lib/local/functions/function-host.ts";
import type { FunctionModel } from "../../../lib/local/types.ts";
import { functionWith, region } from "../support/models.ts";
import { payloadOf } from "../support/payload-of.ts";
import { isRunning } from "../support/processes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

const services = {
  endpoint: "http://127.0.0.1:9",
  credentialsFor: (roleArn: string) => ({
    accessKeyId: "LOCALKEY",
    secretAccessKey: `secret of ${roleArn}`,
    sessionToken: "token",
  }),
};

function hostOf(
  functions: readonly FunctionModel[],
  folder: string,
  overrides: Partial<FunctionHostOptions> = {},
): LocalFunctionHost {
  const host = createFunctionHost({ functions, region, services, dataDir: join(folder, "data"), ...overrides });
  onTestFinished(() => host.stop(0));
  return host;
}

test("an event and an answer make the round trip as JSON", async () => {
  const folder = temporaryFolder();
  const echo = functionWith(
    folder,
    "echo",
    `export const handler = async (event) => ({ event, nothing: undefined, at: new Date(0) });`,
  );
  const host = hostOf([echo], folder);

  const event = { text: "ü\u0000\u2028", list: [1, 2.5, null], when: new Date(0), gone: undefined };

  expect(await host.invoke("echo", event)).toEqual({
    kind: "returned",
    payload: {
      event: { text: "ü\u0000\u2028", list: [1, 2.5, null], when: "1970-01-01T00:00:00.000Z" },
      at: "1970-01-01T00:00:00.000Z",
    },
  });
  expect(await host.invoke(echo.arn, 1)).toMatchObject({ kind: "returned", payload: { event: 1 } });
});

test("a function that returns nothing returns null", async () => {
  const folder = temporaryFolder();
  const host = hostOf([functionWith(folder, "quiet", `export const handler = () => {};`)], folder);

  expect(await host.invoke("quiet", {})).toEqual({ kind: "returned", payload: null });
});

test("the environment is Lambda's and the template's, and nothing of this machine's", async () => {
  const folder = temporaryFolder();
  const model = functionWith(folder, "look", `export const handler = async () => process.env;`, {
    environment: { TABLE: "t", AWS_REGION: "elsewhere" },
  });
  process.env["SLUICE_TEST_SECRET_OF_THE_MACHINE"] = "leak";
  onTestFinished(() => void delete process.env["SLUICE_TEST_SECRET_OF_THE_MACHINE"]);
  const host = hostOf([model], folder, { extraEnvironment: { SLUICE_SANDBOX_HOSTS: "{}" } });

  const result = await host.invoke("look", {}, { traceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793" });

  const variables = payloadOf(result, z.record(z.string(), z.string()));
  expect(variables).toMatchObject({
    TABLE: "t",
    SLUICE_SANDBOX_HOSTS: "{}",
    AWS_REGION: region,
    AWS_ENDPOINT_URL: services.endpoint,
    AWS_ACCESS_KEY_ID: "LOCALKEY",
    AWS_SECRET_ACCESS_KEY: `secret of ${model.roleArn}`,
    AWS_SESSION_TOKEN: "token",
    AWS_LAMBDA_FUNCTION_NAME: "look",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
    AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/look",
    AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
    _X_AMZN_TRACE_ID: "Root=1-5759e988-bd862e3fe1be46a994272793",
    TZ: ":UTC",
  });
  // Its own, Lambda's and the stack's: SLUICE_TEST_SECRET_OF_THE_MACHINE and whatever else is set here stays outside.
  expect(Object.keys(variables).toSorted()).toEqual([
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "NODE_COMPILE_CACHE",
    "PATH",
    "SLUICE_SANDBOX_HOSTS",
    "TABLE",
    "TZ",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
  ]);
});

test("the context names the invocation and counts down the time that is left", async () => {
  const folder = temporaryFolder();
  const code = `export const handler = async (event, context) => ({ id: context.awsRequestId, name: context.functionName, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() });`;
  const model = functionWith(folder, "context", code, { timeoutSeconds: 7 });
  const host = hostOf([model], folder);

  const results = [await host.invoke("context", {}), await host.invoke("context", {})];

  const shape = z.object({ id: z.string(), name: z.string(), arn: z.string(), left: z.number() });
  const payloads = results.map((result) => payloadOf(result, shape));
  for (const { id, name, arn, left } of payloads) {
    expect(name).toBe("context");
    expect(arn).toBe(model.arn);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(left).toBeLessThanOrEqual(7000);
    expect(left).toBeGreaterThan(1000);
  }
  expect(payloads[0]?.id).not.toBe(payloads[1]?.id);
});

test("what a function throws comes back with its type, and the process goes on", async () => {
  const folder = temporaryFolder();
  const code = `export const handler = async (event) => { if (event.fail) throw new RangeError("too far"); return process.pid; };`;
  const host = hostOf([functionWith(folder, "thrower", code)], folder);

  const before = await host.invoke("thrower", {});
  expect(await host.invoke("thrower", { fail: true })).toEqual({
    kind: "threw",
    errorType: "RangeError",
    errorMessage: "too far",
  });
  expect(await host.invoke("thrower", {})).toEqual(before);
});

test("a function over its time-out is killed, stuck in a loop or not, and the next one is fresh", async () => {
  const folder = temporaryFolder();
  const code = `export const handler = async (event) => { console.log("pid " + process.pid); if (event.loop) for (;;); if (event.hang) await new Promise((r) => setTimeout(r, 1e6)); return process.pid; };`;
  const lines: string[] = [];
  const host = hostOf([functionWith(folder, "slow", code, { timeoutSeconds: 1 })], folder, {
    onLine: (_, line) => lines.push(line),
  });

  expect(await host.invoke("slow", { loop: true })).toEqual({ kind: "timedOut", timeoutSeconds: 1 });
  expect(await host.invoke("slow", { hang: true })).toEqual({ kind: "timedOut", timeoutSeconds: 1 });

  expect(lines).toContain("Task timed out after 1.00 seconds");
  const pids = lines.filter((line) => line.startsWith("pid ")).map((line) => Number(line.slice(4)));
  expect(pids).toHaveLength(2);
  await waitUntil("both processes to be gone", () => pids.every((pid) => !isRunning(pid)));
  expect(await host.invoke("slow", {})).toMatchObject({ kind: "returned" });
});

test("a crash is told with its exit code", async () => {
  const folder = temporaryFolder();
  const code = `export const handler = async (event) => { if (event.how === "exit") process.exit(3); if (event.how === "kill") process.kill(process.pid, "SIGKILL"); if (event.how === "later") { setTimeout(() => { throw new Error("stray"); }, 0); await new Promise(() => {}); } return "fine"; };`;
  const host = hostOf([functionWith(folder, "crasher", code)], folder);

  expect(await host.invoke("crasher", { how: "exit" })).toEqual({ kind: "crashed", exitCode: 3 });
  expect(await host.invoke("crasher", { how: "kill" })).toEqual({ kind: "crashed", exitCode: null });
  expect(await host.invoke("crasher", { how: "later" })).toEqual({ kind: "crashed", exitCode: 1 });
  expect(await host.invoke("crasher", {})).toEqual({ kind: "returned", payload: "fine" });
});

test("code that cannot be loaded is an error that says so, each time", async () => {
  const folder = temporaryFolder();
  const broken = functionWith(folder, "broken", `throw new TypeError("no configuration");`);
  const nameless = functionWith(folder, "nameless", `export const other = 1;`);
  const host = hostOf([broken, nameless], folder);

  for (const _ of [1, 2])
    expect(await host.invoke("broken", {})).toEqual({
      kind: "threw",
      errorType: "TypeError",
      errorMessage: "no configuration",
    });
  const unnamed = await host.invoke("nameless", {});
  if (unnamed.kind !== "threw") throw new Error(`expected an error, got ${unnamed.kind}`);
  expect(unnamed.errorMessage).toMatch(/no function named handler/);
});

test("6 MB is the most for a request and for a response", async () => {
  const folder = temporaryFolder();
  const code = `export const handler = async (event) => (event.want ? "x".repeat(event.want) : event.text.length);`;
  const host = hostOf([functionWith(folder, "sizes", code)], folder);
  const mb6 = 6 * 1024 * 1024;
  const envelope = JSON.stringify({ text: "" }).length;

  expect(await host.invoke("sizes", { text: "x".repeat(mb6 - envelope) })).toEqual({
    kind: "returned",
    payload: mb6 - envelope,
  });
  expect(await host.invoke("sizes", { text: "x".repeat(mb6 - envelope + 1) })).toMatchObject({
    kind: "threw",
    errorType: "RequestTooLargeException",
  });
  // 100 bytes more than the request's limit, two of them the quotes.
  expect(await host.invoke("sizes", { want: mb6 + 98 })).toMatchObject({ kind: "returned" });
  expect(await host.invoke("sizes", { want: mb6 + 99 })).toMatchObject({
    kind: "threw",
    errorType: "Function.ResponseSizeTooLarge",
  });
});

test("a function unknown to the stack is refused by name", async () => {
  const host = hostOf([], temporaryFolder());

  expect(() => host.invoke("nobody", {})).toThrow(/nobody/);
});
