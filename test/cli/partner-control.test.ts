import { describe, expect, test } from "vitest";
import { createDrainCommand, drainCommand } from "../../bin/commands/drain.ts";
import { pauseCommand } from "../../bin/commands/pause.ts";
import { resumeCommand } from "../../bin/commands/resume.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { atRest, changed } from "../../lib/engine/control.ts";
import { startMs } from "../support/memory-ports.ts";
import { openCli } from "./support/api-server.ts";
import type { CliWorld } from "./support/api-server.ts";

const controlOf = async (cli: CliWorld) => cli.api.ports.control.read("acme", null);

describe("pause and resume --partner", () => {
  test("hold all of it, say by whom and why, and let it go on", async () => {
    const cli = await openCli();
    const said = ["--partner", "acme", "--reason", "maintenance", "--by", "maria"];
    const paused = await cli.run(pauseCommand, ...said);
    expect(paused.code).toBe(0);
    expect(paused.out).toMatch(/acme is paused since .* by maria \(maintenance\)/);
    expect(paused.out).toContain("sluice resume --partner acme");
    expect((await controlOf(cli)).pause).toEqual({ sinceMs: startMs, by: "maria", reason: "maintenance" });
    const resumed = await cli.run(resumeCommand, "--partner", "acme");
    expect(resumed.out).toContain("Nothing holds acme.");
    expect((await controlOf(cli)).pause).toBeNull();
  });

  test("tell of a breaker that a resume does not close", async () => {
    const cli = await openCli();
    const breaker = { kind: "open", opened: 1, sinceMs: startMs, untilMs: startMs + 30_000 } as const;
    await cli.api.ports.control.compareAndSet(changed(atRest("acme", null), { breaker }));
    const { out } = await cli.run(resumeCommand, "--partner", "acme");
    expect(out).toContain("too many of them failed");
    expect(out).toContain(new Date(startMs + 30_000).toISOString());
  });

  test("take no pause of a partner without a reason, and no connection beside a partner", async () => {
    const cli = await openCli();
    await expect(cli.run(pauseCommand, "--partner", "acme")).rejects.toThrow(UsageError);
    await expect(cli.run(pauseCommand, "acme", "--partner", "acme", "--reason", "r")).rejects.toThrow(UsageError);
    await expect(cli.run(resumeCommand, "acme", "--partner", "acme")).rejects.toThrow(UsageError);
    await expect(cli.run(resumeCommand, "--partner", "nobody")).rejects.toThrow("no such partner");
    expect(cli.api.ports.control.writes).toBe(0);
  });
});

describe("drain", () => {
  test("stops the schedules and says what is left", async () => {
    const cli = await openCli();
    await cli.api.connect();
    const { code, out } = await cli.run(drainCommand, "acme", "--reason", "a deploy", "--by", "maria");
    expect(code).toBe(0);
    expect((await controlOf(cli)).schedules).toEqual({ sinceMs: startMs, by: "maria", reason: "a deploy" });
    expect(out).toMatch(/imports 1 waiting, 0 in hand, 0 delayed; 1 run under way/);
  });

  test("--show changes nothing", async () => {
    const cli = await openCli();
    expect(await cli.json(drainCommand, "acme", "--show")).toMatchObject({ partner: "acme", empty: true, held: [] });
    expect(cli.api.ports.control.writes).toBe(0);
  });

  test("--wait stays until the partner is empty", async () => {
    const cli = await openCli();
    await cli.api.connect();
    let slept = 0;
    const command = createDrainCommand(async () => {
      slept += 1;
      if (slept === 2) cli.api.ports.lanes.take("imports", startMs);
      if (slept !== 4) return;
      for (const run of cli.api.ports.runs.all())
        await cli.api.ports.runs.compareAndSet({
          ...run,
          status: { kind: "done", atMs: 1 },
          revision: run.revision + 1,
        });
    });
    const { code, out } = await cli.run(command, "acme", "--wait");
    expect([code, slept]).toEqual([0, 4]);
    expect(out).toContain("acme is empty");
  });

  test("--wait ends at its time, and exits 1 with what is left", async () => {
    const cli = await openCli();
    await cli.api.connect();
    let sleptMs = 0;
    const command = createDrainCommand(async (ms) => {
      sleptMs += ms;
    });
    const { code, out } = await cli.run(command, "acme", "--wait", "--for", "30s");
    expect([code, sleptMs]).toEqual([1, 30_000]);
    expect(out).toContain("1 run under way");
    await expect(cli.run(command, "acme", "--wait", "--for", "soon")).rejects.toThrow(UsageError);
  });
});
