import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { bundlesOf } from "../../lib/constructs/bundles.ts";
import { definePartner, fileOf } from "../../lib/engine/define-partner.ts";
import { driverNamed } from "./support/drivers.ts";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sluice-bundles-"));
  put("package.json", '{ "type": "module", "imports": { "#config": "./own.config.ts" } }');
  put("own.config.ts", 'export default "its own";');
  put(
    "lambdas/greet.ts",
    'import config from "#config";\nexport const handler = (name: string): string => `${name} runs ${config}`;\n',
  );
  put("elsewhere/adopted.config.ts", 'import { driver } from "./driver.ts";\nexport default driver;');
  put("elsewhere/driver.ts", 'export const driver: string = "a private driver";');
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
}

const bundles = (out: string) =>
  bundlesOf({ configPath: join(root, "elsewhere/adopted.config.ts"), outFolder: join(root, out), root });

const filesOf = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));

test("the adopter's configuration, with drivers of its own, is what functions run", async () => {
  const folder = bundles("out").folderOf("greet");
  const loaded: unknown = await import(pathToFileURL(join(folder, "index.mjs")).href);
  // Only a parsed module may be called: a function's type cannot be checked, its answer can.
  const { handler } = z
    .object({ handler: z.custom<(name: string) => unknown>((value) => typeof value === "function") })
    .parse(loaded);
  expect(handler("Sluice")).toBe("Sluice runs a private driver");
});

test("the same sources give the same bytes, wherever they are put, and other sources others", () => {
  const first = filesOf(bundles("out/here").folderOf("greet"));
  expect(Object.keys(first)).toEqual(["index.mjs", "index.mjs.map"]);
  expect(filesOf(bundles("further/away").folderOf("greet"))).toEqual(first);
  put("elsewhere/driver.ts", 'export const driver: string = "another driver";');
  expect(filesOf(bundles("out/again").folderOf("greet"))).not.toEqual(first);
});

test("the map names the sources by their place in the package, and holds none of them", () => {
  const map: unknown = JSON.parse(filesOf(bundles("out").folderOf("greet"))["index.mjs.map"] ?? "");
  expect(map).toMatchObject({ sources: ["elsewhere/driver.ts", "elsewhere/adopted.config.ts", "lambdas/greet.ts"] });
  expect(map).not.toHaveProperty("sourcesContent");
});

test("a lambda file is bundled once, however often it is asked for", () => {
  const shared = bundles("out");
  const folder = shared.folderOf("greet");
  rmSync(join(root, "lambdas/greet.ts"));
  expect(shared.folderOf("greet")).toBe(folder);
});

test("a function of one partner is bundled with its driver alone", () => {
  put("package.json", '{ "type": "module", "imports": { "#partner": "./own.config.ts" } }');
  put("lambdas/greet.ts", 'import * as found from "#partner";\nexport const handler = (): unknown => found;\n');
  const shared = bundles("out");
  const narrow = shared.folderOf("greet", pathToFileURL(join(root, "elsewhere/driver.ts")).href);
  const whole = shared.folderOf("greet");
  expect(narrow).not.toBe(whole);
  expect(filesOf(narrow)["index.mjs"]).not.toContain("default");
  expect(filesOf(whole)["index.mjs"]).toContain("default");
});

test("a driver that somebody changed is not the one of its file", () => {
  const own = definePartner({ ...driverNamed("initech"), module: "file:///initech/driver.ts" });
  expect(fileOf(own)).toBe("file:///initech/driver.ts");
  expect(fileOf({ ...own, limits: [] })).toBeUndefined();
  expect(fileOf(definePartner({ ...own, limits: [] }))).toBeUndefined();
  expect(fileOf(driverNamed("globex"))).toBeUndefined();
});

test("one that is missing or does not compile stops the synthesis, by name", () => {
  put("lambdas/broken.ts", 'import { nothing } from "./nowhere.ts";\nexport const handler = nothing;');
  expect(() => bundles("out").folderOf("absent")).toThrow(
    /lambdas\/absent\.ts is not there: the function "absent" has no code/,
  );
  expect(() => bundles("out").folderOf("broken")).toThrow(/nowhere/);
});
