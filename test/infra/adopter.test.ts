import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { partners } from "../../lib/partners/index.ts";
import { adopterFiles } from "./support/adopter-files.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "sluice-adopter-"));
const modules = join(project, "node_modules");

function run(command: string, options: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, options, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}` },
  });
  expect({ command, status, said: status === 0 ? "" : stdout + stderr }).toEqual({ command, status: 0, said: "" });
}

/** The package as npm would publish it, and its dependencies as npm would install them, without the network. */
beforeAll(() => {
  mkdirSync(join(modules, "sluice"), { recursive: true });
  run("npm", ["pack", "--silent", "--pack-destination", project], root);
  const tarball = readdirSync(project).find((name) => name.endsWith(".tgz")) ?? "";
  run("tar", ["-xzf", join(project, tarball), "-C", join(modules, "sluice"), "--strip-components=1"], project);
  for (const name of readdirSync(join(root, "node_modules")).filter((each) => each !== ".cache")) {
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  for (const [name, text] of Object.entries(adopterFiles)) writeFileSync(join(project, name), text);
}, 300_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe("a project of its own, with Sluice as a dependency", () => {
  test("writes a driver that the compiler accepts, and one that it does not", { timeout: 120_000 }, () => {
    run("tsc", [], project);
    writeFileSync(join(project, "wrong.ts"), adopterFiles["driver.ts"].replace("raw.name", "raw.nmae"));
    const { status, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), [], { cwd: project, encoding: "utf8" });
    rmSync(join(project, "wrong.ts"));
    expect(status).not.toBe(0);
    expect(stdout).toContain("nmae");
  });

  test("gets stacks for it, and functions that hold it", { timeout: 300_000 }, () => {
    run(process.execPath, [join(modules, "aws-cdk/bin/cdk"), "synth", "--quiet"], project);
    const out = join(project, "cdk.out");
    const stacks = readdirSync(out).filter((name) => name.endsWith(".template.json"));
    expect(stacks).toContain("Sluice-dev-Partner-initech.template.json");
    expect(stacks).toContain("Sluice-dev-Partner-stripe.template.json");
    const assets = readdirSync(out).filter((name) => name.startsWith("asset."));
    const holds = (url: string) =>
      assets.filter((asset) => readFileSync(join(out, asset, "index.mjs"), "utf8").includes(url));
    // One for each of seven lambda files, and the webhooks' function once for each partner that sends some.
    expect(assets).toHaveLength(7 + partners.length);
    expect(holds("https://api.initech.example/v1")).toHaveLength(7);
    expect(holds("https://api.stripe.com/v1")).toHaveLength(8);
  });
});
