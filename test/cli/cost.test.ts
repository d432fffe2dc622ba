import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { costCommand } from "../../bin/commands/cost.ts";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { judgeBudgets } from "../../lib/engine/cost/budgets.ts";
import { flowCalls } from "../../lib/engine/cost/flow-calls.ts";
import { modelMonth, priceFlows, timesOf } from "../../lib/engine/cost/model-month.ts";
import { monthSeconds } from "../../lib/engine/cost/standing-calls.ts";
import { acme } from "../flows/support/acme.ts";
import { temporaryFolder } from "../local/support/temporary-folder.ts";
import { runCommand } from "./support/api-server.ts";

const quiet = { batch: 1, pollers: 5, recordKb: 1 };
const load = { partners: [acme], connectionsEach: 0, webhooksADay: 0, changedShare: 0, foundADay: 0, thingsEach: 0 };

function dollarsOf(month: ReturnType<typeof priceFlows>, title: RegExp): number {
  const [line, ...more] = month.lines.filter((each) => title.test(each.title));
  if (line === undefined || more.length > 0) throw new Error(`${month.lines.length} lines, not one of ${title.source}`);
  return line.dollars;
}

describe("the modelled month", () => {
  test("prices a million webhooks by line", () => {
    const month = priceFlows({ webhook: 1e6 }, quiet);
    expect(dollarsOf(month, /HTTP API/)).toBeCloseTo(1, 6);
    expect(dollarsOf(month, /Lambda, requests/)).toBeCloseTo(0.2, 6);
    // 2,500 GB-seconds.
    expect(dollarsOf(month, /GB-seconds/)).toBeCloseTo(0.0333, 4);
    expect(dollarsOf(month, /SQS, requests/)).toBeCloseTo(0.4, 6);
    expect(dollarsOf(month, /fair/)).toBeCloseTo(0.1, 6);
    expect(month.dollars).toBeCloseTo(
      month.lines.reduce((all, line) => all + line.dollars, 0),
      9,
    );
  });

  test("counts idle polling by mapping and poller", () => {
    // Three mappings, each poller once in twenty seconds.
    const { sqsRequests } = flowCalls({ ...quiet, pollers: 2 }).polling.calls;
    expect(sqsRequests).toBeCloseTo((3 * 2 * 30.4375 * 86_400) / 20, 0);
  });

  test("pays for schedules only beyond what is free", () => {
    const month = priceFlows({ look: 15e6 }, quiet);
    expect(dollarsOf(month, /Scheduler/)).toBeCloseTo(1, 6);
    expect(dollarsOf(priceFlows({ look: 14e6 }, quiet), /Scheduler/)).toBe(0);
  });

  test("follows the drivers' own schedules, for every connection", () => {
    // Acme's orders: changes each 5 minutes, everything each day.
    const times = timesOf({ ...load, connectionsEach: 10, webhooksADay: 100, changedShare: 0.25, thingsEach: 250 });
    const days = monthSeconds / 86_400;
    expect(times.run).toBeCloseTo(10 * days * 288, 6);
    expect(times.passPage).toBeCloseTo(10 * days * 3, 6);
    expect(times.webhook).toBeCloseTo(100 * days, 6);
    expect(times.change).toBeCloseTo(25 * days, 6);
    expect(times.look).toBeCloseTo(days * 1_440, 6);
  });

  test("costs nothing for what does not happen, and for a second partner what a partner costs", () => {
    const one = modelMonth(load, quiet);
    expect(one.flows.map((flow) => flow.flow)).toEqual(["stage", "partner", "polling", "look", "control"]);
    const two = modelMonth({ ...load, partners: [acme, acme] }, quiet);
    const stage = one.flows.find((flow) => flow.flow === "stage")?.dollars ?? 0;
    expect(two.dollars - one.dollars).toBeCloseTo(one.dollars - stage, 6);
  });

  test("is less for busy consumers, and more for large records", () => {
    const times = { work: 1e6, change: 1e6 };
    const dollars = priceFlows(times, quiet).dollars;
    expect(priceFlows(times, { ...quiet, batch: 10 }).dollars).toBeLessThan(dollars);
    // Each further KB is a unit more in the table and one in the history.
    const larger = priceFlows(times, { ...quiet, recordKb: 3 });
    expect(dollarsOf(larger, /write units/) - dollarsOf(priceFlows(times, quiet), /write units/)).toBeCloseTo(
      4 * 0.625,
      6,
    );
  });
});

test("each flow says where its counts come from", () => {
  for (const flow of Object.values(flowCalls(quiet))) expect(flow.from).toMatch(/lib\/|lambdas\//);
});

test("a budget holds always, at best or never, and is judged at both ends", () => {
  const verdicts = judgeBudgets({ recordKb: 1 });
  expect(verdicts).toHaveLength(4);
  for (const { dollarsLeast, dollarsMost, dollarsMax, holds } of verdicts) {
    expect(dollarsLeast).toBeLessThan(dollarsMost);
    expect(holds).toBe(dollarsMost <= dollarsMax ? "always" : dollarsLeast <= dollarsMax ? "at-best" : "never");
  }
});

describe("cost", () => {
  const configOf = (text: string): string => {
    const file = join(temporaryFolder(), "sluice.config.mjs");
    writeFileSync(file, text);
    return file;
  };

  test("reads a configuration, without a stack, and names the total and the budgets", async () => {
    const resources = "{ orders: { everyMs: 300000, fullEveryMs: 86400000 } }";
    const file = configOf(`export default { partners: [{ name: "acme", resources: ${resources} }], stages: {} };`);
    const { code, out } = await runCommand(costCommand, ["--config", file, "--connections", "7", "--webhooks", "10"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^total +– +\$\d+\.\d\d$/m);
    expect(out).toMatch(/a million webhooks, nothing changes +\$2\.60/);
    expect(out).toContain("secondary sources: read the vendor's page");
    const json = await runCommand(costCommand, ["--config", file, "--connections", "7", "--webhooks", "10", "--json"]);
    const expected = modelMonth(
      { ...load, connectionsEach: 7, webhooksADay: 10, changedShare: 0.3, thingsEach: 1_000 },
      quiet,
    );
    expect(JSON.parse(json.out)).toMatchObject({ dollars: expected.dollars });
  });

  test.each([
    [["--config", "/nowhere/sluice.config.ts"], "There is no /nowhere"],
    [["--changes", "101"], "--changes 101"],
    [["--pollers", "1"], "--pollers 1"],
    [["--batch", "many"], "--batch many"],
    [["more"], "Usage"],
  ])("takes no %j", async (args, said) => {
    const error: unknown = await runCommand(costCommand, args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(said);
  });

  test("says that a file is no configuration", async () => {
    const file = configOf("export default 7;");
    await expect(runCommand(costCommand, ["--config", file])).rejects.toThrow(UsageError);
  });
});
