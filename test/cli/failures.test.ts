import { describe, expect, test } from "vitest";
import type { Command } from "../../bin/commands/command.ts";
import { discardCommand } from "../../bin/commands/discard.ts";
import { failuresCommand } from "../../bin/commands/failures.ts";
import { replayCommand } from "../../bin/commands/replay.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { makeFailure } from "../flows/api/support/seed.ts";
import { openCli } from "./support/api-server.ts";
import type { CliWorld } from "./support/api-server.ts";

async function withFailures(count: number): Promise<CliWorld> {
  const cli = await openCli();
  const nowMs = Date.now();
  for (let number = 0; number < count; number++)
    await cli.api.ports.failures.record(makeFailure(`failure-${number}`, { lastSeenAtMs: nowMs - number * 60_000 }));
  return cli;
}

const statusesOf = (cli: CliWorld): readonly string[] => cli.api.ports.failures.all().map((failure) => failure.status);

describe("failures", () => {
  test("are grouped, with what they mean and what to do", async () => {
    const cli = await withFailures(2);
    const { out } = await cli.run(failuresCommand);
    expect(out).toContain("acme  transient  http-500  at webhook");
    expect(out).toContain("2 open, of 1 connection;");
    expect(out).toContain("Means   The partner failed or could not be reached");
    expect(out).toContain("To do   See the partner's status page");
    expect(out).toContain("fingerprint-1");
    expect(await cli.json(failuresCommand)).toMatchObject({ items: [{ count: 2 }], complete: true });
  });

  test("that are closed are shown only to whoever asks", async () => {
    const cli = await withFailures(1);
    await cli.run(discardCommand, "acme:-:failure-0");
    expect((await cli.run(failuresCommand)).out).toBe("No failures.\n");
    expect((await cli.run(failuresCommand, "--status", "discarded")).out).toContain("1 discarded");
    expect((await cli.run(failuresCommand, "--list", "--ids", "--status", "any")).out).toBe("acme:-:failure-0\n");
  });

  test("are listed one by one, of one partner, as many as asked for", async () => {
    const cli = await withFailures(3);
    const { out } = await cli.run(failuresCommand, "--list", "--limit", "2");
    expect(out).toMatch(/acme:-:failure-0 +open +transient +http-500 +webhook +1 +0 s ago/);
    expect(out).toContain("3 in all.");
    expect(out).not.toContain("failure-2");
    expect((await cli.run(failuresCommand, "--list", "--partner", "beta")).out).toBe("No failures.\n");
  });

  test("are shown whole by their id, and what a partner wrote cannot tear the lines", async () => {
    const cli = await openCli();
    const failure = makeFailure("failure-1");
    const message = "one\ntwo \u001b[31mred";
    await cli.api.ports.failures.record({ ...failure, why: { ...failure.why, message } });
    const { out } = await cli.run(failuresCommand, "acme:-:failure-1");
    expect(out).toContain("one two  [31mred");
    expect(out).toContain("Call    GET /orders/1 → 500");
    expect(out).toContain("8 attempts, trace trace-1");
  });

  test("take no unknown status", async () => {
    const cli = await openCli();
    await expect(cli.run(failuresCommand, "--status", "closed")).rejects.toThrow(UsageError);
  });
});

describe("replay", () => {
  test("tries those named again, and exits 1 when one is refused", async () => {
    const cli = await withFailures(2);
    const { code, out } = await cli.run(replayCommand, "acme:-:failure-0", "acme:-:missing");
    expect(code).toBe(1);
    expect(out).toContain("Replaying 1 failure.\n  acme:-:failure-0\n");
    expect(out).toContain("acme:-:missing: there is no such failure");
    expect(statusesOf(cli)).toEqual(["replaying", "open"]);
    expect((await cli.run(replayCommand, "acme:-:failure-1")).code).toBe(0);
  });

  test("takes a whole group, in as many calls as it needs, and finds its partner", async () => {
    const cli = await withFailures(230);
    await cli.api.ports.failures.record(makeFailure("other", { fingerprint: "fingerprint-2" }));
    const { code, out } = await cli.run(replayCommand, "--group", "fingerprint-1");
    expect([code, out.split("\n")[0]]).toEqual([0, "Replaying 230 failures."]);
    expect(cli.api.ports.lanes.sent).toHaveLength(230);
    expect(statusesOf(cli).filter((status) => status === "open")).toHaveLength(1);
    await expect(cli.run(replayCommand, "--group", "fingerprint-9")).rejects.toThrow(UsageError);
  });

  test("ends when all that is left is refused", async () => {
    const cli = await openCli();
    for (let number = 0; number < 130; number++)
      await cli.api.ports.failures.record(makeFailure(`message-${number}`, { job: null }));
    const { code, out } = await cli.run(replayCommand, "--group", "fingerprint-1", "--partner", "acme");
    expect([code, out.split("\n")[0]]).toEqual([1, "Replaying 0 failures; there are more."]);
  });

  test.each([
    [["--since", "90s"], 2],
    [["--since", "1h"], 3],
    [["--since", "1h", "--partner", "beta"], 0],
    [["--since", "2020-01-01"], 3],
  ])("takes those of %j", async (args, count) => {
    const cli = await withFailures(3);
    const result = await cli.json(replayCommand, ...args);
    expect(result).toMatchObject({ refused: [], more: false });
    expect(cli.api.ports.lanes.sent).toHaveLength(count);
  });
});

describe.each([
  ["replay", replayCommand],
  ["discard", discardCommand],
] satisfies [string, Command][])("%s", (_, command) => {
  test.each([[["acme:-:failure-0"]], [["--group", "fingerprint-1"]], [["--since", "1h"]]])(
    "does nothing in a dry run of %j",
    async (args) => {
      const cli = await withFailures(1);
      const { code, out } = await cli.run(command, ...args, "--dry-run");
      expect(code).toBe(0);
      expect(out).toMatch(/^Would (replay|discard) 1 failure\.\n {2}acme:-:failure-0\n$/);
      expect([statusesOf(cli), cli.api.ports.lanes.sent]).toEqual([["open"], []]);
      expect(await cli.json(command, ...args, "--dry-run")).toMatchObject({ would: ["acme:-:failure-0"] });
    },
  );

  test.each([[[]], [["acme:-:x", "--since", "1h"]], [["--group", "g", "--since", "1h"]], [["--since", "soon"]]])(
    "takes no %j",
    async (args) => {
      const cli = await withFailures(1);
      await expect(cli.run(command, ...args)).rejects.toThrow(UsageError);
      expect(statusesOf(cli)).toEqual(["open"]);
    },
  );
});

test("discard closes failures for good", async () => {
  const cli = await withFailures(2);
  const { code, out } = await cli.run(discardCommand, "--since", "1h");
  expect([code, out.split("\n")[0]]).toEqual([0, "Discarded 2 failures."]);
  expect(statusesOf(cli)).toEqual(["discarded", "discarded"]);
});
