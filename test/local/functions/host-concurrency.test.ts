import { fork, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { childEntry } from "../../../lib/local/functions/child-entry.ts";
import { createFunctionHost, type LocalFunctionHost } from "../../../lib/local/functions/function-host.ts";
import type { FunctionModel } from "../../../lib/local/types.ts";
import { functionWith, region } from "../support/models.ts";
import { isRunning } from "../support/processes.ts";
import { createRecorder } from "../support/recorder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

const services = {
  endpoint: "http://127.0.0.1:9",
  credentialsFor: () => ({ accessKeyId: "k", secretAccessKey: "s", sessionToken: "t" }),
};

function hostOf(functions: readonly FunctionModel[], folder: string, processesMax: number): LocalFunctionHost {
  const host = createFunctionHost({ functions, region, services, dataDir: join(folder, "data"), processesMax });
  onTestFinished(() => host.stop(0));
  return host;
}

/** A function that says when it begins and ends, and waits in between until the gate file is there. */
function gated(
  folder: string,
  name: string,
  overrides: Partial<FunctionModel> = {},
): { model: FunctionModel; open(): void; running(): number; pids(): readonly number[] } {
  const recorder = createRecorder<{ step: number; pid?: number }>(folder, `${name}-record`);
  const gate = join(folder, `${name}-gate`);
  const code = `${recorder.code} import { existsSync } from "node:fs";
    export const handler = async () => {
      record({ step: 1, pid: process.pid });
      while (!existsSync(${JSON.stringify(gate)})) await new Promise((resolve) => setTimeout(resolve, 5));
      record({ step: -1 });
      return "done";
    };`;
  return {
    model: functionWith(folder, name, code, overrides),
    open: () => writeFileSync(gate, ""),
    running: () => recorder.read().reduce((sum, { step }) => sum + step, 0),
    pids: () => recorder.read().flatMap(({ pid }) => pid ?? []),
  };
}

test("each process runs one invocation at a time, and no more run than there are places", async () => {
  const folder = temporaryFolder();
  const { model, open, running, pids } = gated(folder, "gated");
  const host = hostOf([model], folder, 2);

  const results = [1, 2, 3, 4].map(() => host.invoke("gated", {}));
  await waitUntil("two to run", () => running() === 2);
  expect(host.unfinished()).toBe(4);
  expect(new Set(pids()).size).toBe(2);
  open();

  expect((await Promise.all(results)).map(({ kind }) => kind)).toEqual([
    "returned",
    "returned",
    "returned",
    "returned",
  ]);
  expect(new Set(pids()).size).toBe(2);
  expect(host.unfinished()).toBe(0);
});

test("the reserved concurrency of a function bounds it alone", async () => {
  const folder = temporaryFolder();
  const one = gated(folder, "one", { reservedConcurrency: 1 });
  const free = gated(folder, "free");
  const host = hostOf([one.model, free.model], folder, 4);

  const results = [host.invoke("one", {}), host.invoke("one", {}), host.invoke("free", {})];
  await waitUntil("one of each to run", () => one.running() === 1 && free.running() === 1);
  expect(await host.invoke("one", {}, { waitMsMax: 0 })).toEqual({ kind: "throttled" });
  one.open();
  free.open();

  expect((await Promise.all(results)).every(({ kind }) => kind === "returned")).toBe(true);
});

test("stopping lets invocations in hand end within their grace, and kills those that do not", async () => {
  const folder = temporaryFolder();
  const ends = functionWith(
    folder,
    "ends",
    `export const handler = async () => { await new Promise((resolve) => setTimeout(resolve, 100)); return "done"; };`,
  );
  const hangs = gated(folder, "hangs");
  const host = hostOf([ends, hangs.model], folder, 4);
  const [ending, hanging] = [host.invoke("ends", {}), host.invoke("hangs", {})];
  await waitUntil("the second to run", () => hangs.running() === 1);

  await host.stop(2000);

  expect(await ending).toEqual({ kind: "returned", payload: "done" });
  expect(await hanging).toEqual({ kind: "crashed", exitCode: null });
  expect(hangs.pids().every((pid) => !isRunning(pid))).toBe(true);
  expect(await host.invoke("ends", {})).toEqual({ kind: "throttled" });
});

test.each([
  ["waiting", `await new Promise((resolve) => setTimeout(resolve, 1e6));`],
  ["stuck in a loop", `for (;;);`],
])("when the stack is killed its functions go too: %s", async (_, body) => {
  const folder = temporaryFolder();
  const recorder = createRecorder<number>(folder);
  const model = functionWith(
    folder,
    "orphan",
    `${recorder.code} export const handler = async () => { record(process.pid); ${body} };`,
    { timeoutSeconds: 900 },
  );
  const program = join(folder, "parent.ts");
  const hostModule = new URL("../../../lib/local/functions/function-host.ts", import.meta.url).href;
  writeFileSync(
    program,
    `import { createFunctionHost } from ${JSON.stringify(hostModule)};
     const services = { endpoint: "http://127.0.0.1:9", credentialsFor: () => ({ accessKeyId: "k", secretAccessKey: "s", sessionToken: "t" }) };
     const host = createFunctionHost({ functions: [${JSON.stringify(model)}], region: "us-east-1", services, dataDir: ${JSON.stringify(join(folder, "data"))} });
     await host.invoke("orphan", {});`,
  );
  const parent = spawn(process.execPath, [program], { stdio: "inherit" });
  onTestFinished(() => void parent.kill("SIGKILL"));
  await waitUntil("the function to run", () => recorder.read().length === 1);
  const pid = recorder.read()[0] ?? 0;
  expect(isRunning(pid)).toBe(true);

  parent.kill("SIGKILL");

  await waitUntil("the function's process to be gone", () => !isRunning(pid), 5000);
});

test("a function's process ends by itself when its channel closes", async () => {
  const folder = temporaryFolder();
  const { codePath } = functionWith(
    folder,
    "alone",
    `setInterval(() => {}, 1000); export const handler = () => "here";`,
  );
  const child = fork(childEntry(folder), { env: { LAMBDA_TASK_ROOT: codePath, _HANDLER: "index.handler" } });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve) => void child.once("exit", resolve));
  await new Promise((resolve) => void child.once("message", resolve));

  child.disconnect();

  expect(await ended).toBe(0);
});
