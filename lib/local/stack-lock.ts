import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";

/** Holds a data folder for this process. */
export interface StackLock {
  release(): void;
}

const holderSchema = z.object({
  pid: z.number().int().positive(),
  startedAt: z.string().nullable(),
  token: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

const attemptsMax = 5;

/**
 * Takes the folder's lock; one whose process is dead is taken over.
 * @throws {Error} when another stack that is running holds it
 */
export function acquireStackLock(dataDir: string): StackLock {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, "stack.lock");
  const mine: Holder = { pid: process.pid, startedAt: processStart(process.pid), token: randomUUID() };
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    if (create(path, mine)) return { release: () => release(path, mine) };
    const holder = read(path);
    if (holder !== null && isAlive(holder))
      throw new Error(
        `Another local stack (process ${holder.pid}) uses the data folder ${dataDir}: stop it or choose another folder.`,
      );
    takeAway(path, holder, mine);
  }
  throw new Error(
    `The data folder ${dataDir} is being taken by several local stacks at once; start one of them again.`,
  );
}

/** link() makes the file whole and fails when there is one: nobody ever reads half a lock. */
function create(path: string, holder: Holder): boolean {
  const draft = `${path}.${holder.token}`;
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a dead lock aside; when it was not the one that was read, somebody was quicker and gets it back. */
function takeAway(path: string, dead: Holder | null, mine: Holder): void {
  const aside = `${path}.dead.${mine.token}`;
  try {
    renameSync(path, aside);
    if (read(aside)?.token !== dead?.token) linkSync(aside, path);
  } catch {
    // Somebody else moved it or made a new one; the next attempt sees which.
  } finally {
    rmSync(aside, { force: true });
  }
}

function release(path: string, mine: Holder): void {
  if (read(path)?.token === mine.token) rmSync(path, { force: true });
}

function read(path: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // Somebody else's process is a process all the same.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  // The number may have gone to another process since.
  return holder.startedAt === null || processStart(holder.pid) === holder.startedAt;
}

/** The process's start in clock ticks since boot, where the system tells. */
function processStart(pid: number): string | null {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "";
    return afterName.split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
