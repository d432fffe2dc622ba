import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import * as z from "zod";
import { partners } from "../../lib/partners/index.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sluice-offline-"));
const networkLog = join(folder, "network.log");
const preload = new URL("support/no-network.ts", import.meta.url).href;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs Node in a process that has no network, no credentials and no home. */
function run(...command: string[]): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: "utf8",
    env: {
      PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}`,
      HOME: folder,
      CDK_DISABLE_CLI_TELEMETRY: "1",
      NODE_OPTIONS: `--import ${preload}`,
      SLUICE_TEST_NETWORK_LOG: networkLog,
    },
  });
  return { status, said: stdout + stderr };
}

const synthesise = (...options: string[]) =>
  run(join(root, "node_modules/aws-cdk/bin/cdk"), "synth", "--quiet", "--output", join(folder, "cdk.out"), ...options);

const connections = () => (existsSync(networkLog) ? readFileSync(networkLog, "utf8") : "");

test(
  "synthesis of the real app, its real functions bundled, needs no network and no credentials",
  { timeout: 300_000 },
  () => {
    const { status, said } = synthesise();
    expect({ status, said: status === 0 ? "" : said }).toEqual({ status: 0, said: "" });
    expect(connections()).toBe("");
    const manifest = z
      .object({ missing: z.unknown().optional(), artifacts: z.record(z.string(), z.object({ type: z.string() })) })
      .parse(JSON.parse(readFileSync(join(folder, "cdk.out/manifest.json"), "utf8")));
    expect(manifest.missing).toBeUndefined();
    expect(Object.keys(manifest.artifacts)).toContain("Sluice-dev-State");
    const assets = readdirSync(join(folder, "cdk.out")).filter((name) => name.startsWith("asset."));
    // One a lambda file, and the webhooks' once a partner.
    expect(assets).toHaveLength(7 + partners.length);
    for (const asset of assets) expect(readdirSync(join(folder, "cdk.out", asset))).toContain("index.mjs");
  },
);

test("a stage that is not there fails the command and names the choices", { timeout: 300_000 }, () => {
  const { status, said } = synthesise("--context", "stage=nowhere");
  expect(status).not.toBe(0);
  expect(said).toContain(
    'stage: "nowhere" is not one of the stages in sluice.config.ts; choose one of: dev, prod, local.',
  );
});

test("a connection would have been seen", () => {
  const { status } = run("-e", 'fetch("http://127.0.0.1:8123/")');
  expect(status).not.toBe(0);
  expect(connections()).toContain("127.0.0.1");
});
