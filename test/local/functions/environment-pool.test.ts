import { expect, test } from "vitest";
import { createEnvironmentPool } from "../../../lib/local/functions/environment-pool.ts";
import type { ExecutionEnvironment } from "../../../lib/local/functions/execution-environment.ts";

interface FakeEnvironment extends ExecutionEnvironment {
  readonly of: string;
  dead: boolean;
}

function fakeStarter(): { readonly started: FakeEnvironment[]; start(functionName: string): ExecutionEnvironment } {
  const started: FakeEnvironment[] = [];
  return {
    started,
    start(functionName) {
      let leave: () => void = () => undefined;
      const exited = new Promise<void>((resolve) => {
        leave = resolve;
      });
      const environment: FakeEnvironment = {
        of: functionName,
        pid: 1,
        dead: false,
        invoke: () => Promise.reject(new Error("not used")),
        alive: () => !environment.dead,
        kill() {
          environment.dead = true;
          leave();
        },
        exited,
      };
      started.push(environment);
      return environment;
    },
  };
}

test("a process that was given back is used again by its own function alone", () => {
  const starter = fakeStarter();
  const pool = createEnvironmentPool({ processesMax: 5, idleMax: 5, start: (name) => starter.start(name) });
  const first = pool.take("a");
  pool.giveBack("a", first);

  expect(pool.take("b")).not.toBe(first);
  expect(pool.take("a")).toBe(first);
  expect(pool.take("a")).not.toBe(first);
  expect(starter.started.map(({ of }) => of)).toEqual(["a", "b", "a"]);
});

test("a dead process is not used again", () => {
  const starter = fakeStarter();
  const pool = createEnvironmentPool({ processesMax: 5, idleMax: 5, start: (name) => starter.start(name) });
  const first = pool.take("a");
  first.kill();
  pool.giveBack("a", first);

  expect(pool.take("a")).not.toBe(first);
});

test("a new process ends the one that has been idle for longest when there is no room", () => {
  const starter = fakeStarter();
  const pool = createEnvironmentPool({ processesMax: 2, idleMax: 2, start: (name) => starter.start(name) });
  const [a, b] = [pool.take("a"), pool.take("b")];
  pool.giveBack("b", b);
  pool.giveBack("a", a);

  pool.take("c");

  expect(starter.started.map(({ of, dead }) => [of, dead])).toEqual([
    ["a", false],
    ["b", true],
    ["c", false],
  ]);
});

test("no more processes stay idle than allowed", () => {
  const starter = fakeStarter();
  const pool = createEnvironmentPool({ processesMax: 9, idleMax: 1, start: (name) => starter.start(name) });
  const [a, b] = [pool.take("a"), pool.take("b")];
  pool.giveBack("a", a);
  pool.giveBack("b", b);

  expect(starter.started.map(({ of, dead }) => [of, dead])).toEqual([
    ["a", true],
    ["b", false],
  ]);
});

test("all processes are killed, busy ones too", async () => {
  const starter = fakeStarter();
  const pool = createEnvironmentPool({ processesMax: 5, idleMax: 5, start: (name) => starter.start(name) });
  pool.giveBack("a", pool.take("a"));
  pool.take("b");

  await pool.killAll();

  expect(starter.started.every(({ dead }) => dead)).toBe(true);
});
