import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { AppendLog } from "../../../lib/local/sandbox/append-log.ts";
import { temporaryFolder } from "./support/open-sandbox.ts";

function linesOf(log: AppendLog, fromByte = 0): string[] {
  return [...log.lines(fromByte)].map(({ line }) => line);
}

test("whatever byte a kill cuts the file at, whole lines stay and the torn one goes", () => {
  const path = join(temporaryFolder(), "log");
  const lines = ["first", "zweite – mit Umlaut ü", "", "last"];
  const whole = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  for (let cut = 0; cut <= whole.length; cut += 1) {
    writeFileSync(path, whole);
    truncateSync(path, cut);
    const log = new AppendLog(path);
    const kept = whole.subarray(0, cut).toString("utf8").split("\n").length - 1;
    log.append("after");
    expect(linesOf(log)).toEqual([...lines.slice(0, kept), "after"]);
    log.close();
    expect(readFileSync(path, "utf8").endsWith("after\n")).toBe(true);
  }
});

test("lines longer than what is read at once come whole, torn ones of that length go", () => {
  const path = join(temporaryFolder(), "log");
  const long = "x".repeat(3_500_000);
  const log = new AppendLog(path);
  for (const line of ["a", long, "b"]) log.append(line);
  log.close();
  appendFileSync(path, long);
  const again = new AppendLog(path);
  expect(linesOf(again).map((line) => line.length)).toEqual([1, 3_500_000, 1]);
  const [first] = [...again.lines()];
  expect(linesOf(again, first?.nextByte)).toHaveLength(2);
  again.close();
});
