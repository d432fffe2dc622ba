import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { acquireStackLock } from "../../lib/local/stack-lock.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { waitUntil } from "./support/wait.ts";

const lockModule = new URL("../../lib/local/stack-lock.ts", import.meta.url).href;

/** A process that takes the lock of the folder and keeps it until it is killed. */
async function holder(folder: string): Promise<{ readonly pid: number; kill(): Promise<void> }> {
  const program = `import { acquireStackLock } from ${JSON.stringify(lockModule)}; acquireStackLock(${JSON.stringify(folder)}); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "inherit" });
  const ended = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  await waitUntil("the lock to be taken", () => existsSync(join(folder, "stack.lock")));
  return { pid: child.pid ?? 0, kill };
}

test("a folder is held by one process at a time, which is named", async () => {
  const folder = temporaryFolder();
  const { pid } = await holder(folder);

  expect(() => acquireStackLock(folder)).toThrow(new RegExp(`process ${pid}.*${folder}`));
});

test("the lock of a process that was killed is taken over, leaving nothing behind", async () => {
  const folder = temporaryFolder();
  const { kill } = await holder(folder);
  await kill();

  const lock = acquireStackLock(folder);

  expect(readdirSync(folder)).toEqual(["stack.lock"]);
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test("a lock that was released can be taken again, and not before", () => {
  const folder = temporaryFolder();
  const first = acquireStackLock(folder);

  expect(() => acquireStackLock(folder)).toThrow(folder);
  first.release();
  const second = acquireStackLock(folder);
  // What was released before is no longer anybody's to release.
  first.release();

  expect(() => acquireStackLock(folder)).toThrow(folder);
  second.release();
});

test("a number that belongs to another process by now does not keep the folder", async () => {
  const folder = temporaryFolder();
  const { pid } = await holder(temporaryFolder());
  writeFileSync(join(folder, "stack.lock"), JSON.stringify({ pid, startedAt: "1", token: "old" }));

  const lock = acquireStackLock(folder);

  expect(readFileSync(join(folder, "stack.lock"), "utf8")).toContain(String(process.pid));
  lock.release();
});

test("a lock that is no lock is taken over", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "stack.lock"), "half a");

  acquireStackLock(folder).release();

  expect(readdirSync(folder)).toEqual([]);
});
