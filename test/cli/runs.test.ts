import { describe, expect, test } from "vitest";
import { createApiClient } from "../../bin/commands/api-client.ts";
import { runsCommand } from "../../bin/commands/runs.ts";
import { followRuns } from "../../bin/commands/support/follow-runs.ts";
import { createRedraw } from "../../bin/commands/support/redraw.ts";
import { OwnedRun } from "../../bin/commands/support/shapes.ts";
import { end, noProgress } from "../../lib/engine/run.ts";
import type { Run } from "../../lib/engine/run.ts";
import { startMs } from "../support/memory-ports.ts";
import { apiKey } from "../flows/api/support/api.ts";
import { makeRun } from "../flows/api/support/seed.ts";
import { openCli } from "./support/api-server.ts";
import type { CliWorld } from "./support/api-server.ts";

async function endFirstRun(cli: CliWorld): Promise<void> {
  const [run] = cli.api.ports.runs.all();
  if (run !== undefined) await cli.api.ports.runs.compareAndSet(end(run, { kind: "done", atMs: startMs }, startMs));
}

describe("runs", () => {
  test("are shown of one connection, or of all", async () => {
    const cli = await openCli();
    const [first, second] = [await cli.api.connect({ name: "First" }), await cli.api.connect({ name: "Second" })];
    await cli.api.ports.runs.create(
      makeRun(first, {
        runId: "orders-failed",
        status: { kind: "failed", atMs: startMs, failureId: "f", code: "http-500" },
        progress: { ...noProgress, fetched: 12, created: 5, updated: 4, parked: 1 },
      }),
    );
    const one = await cli.run(runsCommand, "First");
    expect(one.out).toMatch(/orders-failed +full +failed: http-500 +12 +5 +4 +1 /);
    expect(one.out).not.toContain(second);
    expect((await cli.run(runsCommand)).out).toContain(second);
    expect(await cli.json(runsCommand, "First", "--limit", "1")).toMatchObject({
      items: [{ connectionId: first, partner: "acme" }],
    });
  });

  test("that all have ended leave nothing to follow", async () => {
    const cli = await openCli();
    await cli.api.connect();
    await endFirstRun(cli);
    expect(await cli.run(runsCommand, "acme", "--follow")).toEqual({ code: 0, out: "No run is active.\n" });
  });

  test("are followed until the last has ended", async () => {
    const cli = await openCli();
    const id = await cli.api.connect();
    await endFirstRun(cli);
    for (const runId of ["a", "b"]) await cli.api.ports.runs.create(makeRun(id, { runId }));
    const runs = await Promise.all(
      ["a", "b"].map(async (runId) => {
        const { data } = await cli.api.call("GET", `/connections/${id}/runs/${runId}`);
        return OwnedRun.parse({ ...data, connectionId: id, partner: "acme" });
      }),
    );
    const move = async (runId: string, next: (run: Run) => Run): Promise<void> => {
      const run = await cli.api.ports.runs.read("acme", id, runId);
      if (run !== null) await cli.api.ports.runs.compareAndSet(next(run));
    };
    const progress = { ...noProgress, pages: 1, fetched: 50, created: 50, total: 100 };
    const failed = { kind: "failed", atMs: startMs, failureId: "f", code: "http-401" } as const;
    const steps = [
      () => move("a", (run) => ({ ...run, progress, revision: run.revision + 1 })),
      () => move("a", (run) => end(run, { kind: "done", atMs: startMs }, startMs)),
      () => move("b", (run) => end(run, failed, startMs)),
    ];
    const shown: (readonly string[])[] = [];
    const api = createApiClient(cli.url, apiKey);
    const ended = await followRuns(
      api,
      runs,
      (lines) => void shown.push(lines),
      async () => steps.shift()?.(),
    );
    expect(ended.map((run) => [run.runId, run.status])).toEqual([
      ["a", "done"],
      ["b", "failed"],
    ]);
    expect(shown).toHaveLength(4);
    expect(shown[1]?.[0]).toMatch(/#{12}-{12}\] active: page 1, 50 fetched, 50 new/);
    expect(shown[3]?.map((line) => /\] (\w+)/.exec(line)?.[1])).toEqual(["done", "failed"]);
    // One that has ended is not asked for again.
    expect(cli.requests.filter((request) => request.endsWith("/runs/a"))).toHaveLength(2);
  });
});

describe("lines that change", () => {
  test("are drawn in place on a terminal", () => {
    let written = "";
    const redraw = createRedraw({ isTTY: true, write: (text) => (written += text) });
    redraw(["a", "b"]);
    redraw(["a", "c"]);
    expect(written).toBe("\u001b[2Ka\n\u001b[2Kb\n\u001b[2A\u001b[2Ka\n\u001b[2Kc\n");
  });

  test("are written elsewhere when they differ", () => {
    let written = "";
    const redraw = createRedraw({ write: (text) => (written += text) });
    redraw(["a", "b"]);
    redraw(["a", "b"]);
    redraw(["a", "c"]);
    expect(written).toBe("a\nb\nc\n");
  });
});
