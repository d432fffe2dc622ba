import { describe, expect, test, vi } from "vitest";
import { thisMachine } from "../../bin/commands/deploy/deploy-world.ts";

describe("a command that is run", () => {
  test("gives its exit code", async () => {
    expect(await thisMachine.runCommand([process.execPath, "-e", "process.exit(3)"], true)).toBe(3);
    expect(await thisMachine.runCommand([process.execPath, "-e", ""], true)).toBe(0);
  });

  test("that was killed did not succeed", async () => {
    expect(await thisMachine.runCommand([process.execPath, "-e", "process.kill(process.pid, 9)"], true)).toBe(1);
  });

  test("that is not there is an error", async () => {
    await expect(thisMachine.runCommand(["no-such-command-anywhere"], true)).rejects.toThrow("ENOENT");
  });
});

test("an interrupt is heard once, the next ends the process, and afterwards nothing of it is left", () => {
  const before = process.listeners("SIGINT");
  // What ends the process has nothing to give back.
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  let heard = 0;
  const undo = thisMachine.onInterrupt(() => {
    heard += 1;
  });
  const listener = process.listeners("SIGINT").find((each) => !before.includes(each));
  listener?.("SIGINT");
  expect([heard, exit.mock.calls]).toEqual([1, []]);
  listener?.("SIGINT");
  expect(exit.mock.calls).toEqual([[130]]);
  undo();
  expect(process.listeners("SIGINT")).toEqual(before);
});
