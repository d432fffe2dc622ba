import process from "node:process";
import { checkTidy } from "./check-tidy.ts";

const violations = checkTidy(process.cwd());
for (const { file, line, rule, message } of violations) console.error(`${file}:${line} [${rule}] ${message}`);
if (violations.length > 0) {
  console.error(`${violations.length} violation${violations.length === 1 ? "" : "s"} of the house rules (test/tidy).`);
  process.exitCode = 1;
}
