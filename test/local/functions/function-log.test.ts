import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lineCharactersMax, lineSplitter, openFunctionLog } from "../../../lib/local/functions/function-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("two files of bounded size hold the newest lines", () => {
  const folder = temporaryFolder();
  const log = openFunctionLog({ folder, functionName: "f", fileBytesMax: 100, onLine: undefined });

  for (let index = 0; index < 100; index += 1) log.writeLine(`line ${index} ${"x".repeat(20)}`);
  log.close();

  const [newer, older] = [join(folder, "f.log"), join(folder, "f.log.1")];
  expect(statSync(newer).size).toBeLessThanOrEqual(100);
  expect(statSync(older).size).toBeLessThanOrEqual(100);
  expect(readFileSync(newer, "utf8")).toContain("line 99 ");
  expect(readFileSync(older, "utf8")).not.toContain("line 99 ");
});

test("a log goes on where the last start ended, and lines are told to the listener", () => {
  const folder = temporaryFolder();
  const heard: string[] = [];
  for (const word of ["first", "second"]) {
    const log = openFunctionLog({
      folder,
      functionName: "f",
      fileBytesMax: 1000,
      onLine: (name, line) => heard.push(`${name}: ${line}`),
    });
    log.writeLine(word);
    log.close();
    log.writeLine("after the end");
  }

  expect(readFileSync(join(folder, "f.log"), "utf8")).toBe("first\nsecond\n");
  expect(heard).toEqual(["f: first", "f: second"]);
});

test("chunks become lines, and what never ends is cut", () => {
  const lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line));

  splitter.push("a");
  splitter.push("b\nc\n\nd");
  splitter.end();
  expect(lines).toEqual(["ab", "c", "", "d"]);

  splitter.push("x".repeat(lineCharactersMax - 1));
  expect(lines).toHaveLength(4);
  splitter.push("x");
  expect(lines[4]).toHaveLength(lineCharactersMax);
});
