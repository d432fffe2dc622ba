import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

const projectRoot = dirname(dirname(import.meta.dirname));

/** What a scaffolded partner needs of the project: the rest stays behind. */
const copied = [
  "bin",
  "lib",
  "test/partners/contract",
  "test/partners/contract.ts",
  "test/tidy",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
  ".oxlintrc.json",
  ".prettierrc.json",
  ".prettierignore",
];

/** A copy of the project that a test may write into, gone when the test is; its packages are the project's own. */
export function projectCopy(more: readonly string[] = []): string {
  const root = mkdtempSync(join(tmpdir(), "sluice-scaffold-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const path of [...copied, ...more]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(join(projectRoot, path), join(root, path), { recursive: true });
  }
  symlinkSync(join(projectRoot, "node_modules"), join(root, "node_modules"));
  return root;
}

export interface Finished {
  readonly code: number;
  readonly output: string;
}

/** Runs a program of the project's packages in a copy; its input is empty, and so no terminal. */
export function runIn(root: string, program: string, args: readonly string[]): Promise<Finished> {
  const bin = join(root, "node_modules/.bin");
  const { VITEST: _vitest, NODE_ENV: _nodeEnv, ...environment } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      join(bin, program),
      args,
      { cwd: root, env: { ...environment, PATH: `${bin}:${process.env["PATH"] ?? ""}` }, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, output: stdout + stderr });
      },
    );
    child.stdin?.end();
  });
}
