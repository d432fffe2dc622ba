import path from "node:path";
import process from "node:process";
import { defineConfig } from "vitest/config";
import { bugs } from "./index.ts";
import { plantIn } from "./planted-bug.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const bug = bugs.find(({ name }) => name === process.env["SLUICE_PLANTED"]);
if (bug === undefined) throw new Error("SLUICE_PLANTED names no planted bug");

/** The project's tests with one bug planted in what they test. */
export default defineConfig({
  root,
  plugins: [
    {
      name: "planted-bug",
      enforce: "pre",
      transform: (code, id) => (id.split("?")[0] === path.join(root, bug.file) ? plantIn(code, bug) : null),
    },
  ],
  test: { include: ["test/**/*.test.ts"], pool: "forks", testTimeout: 20_000, bail: 1, fsModuleCache: false },
});
