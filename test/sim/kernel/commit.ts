import { execFileSync } from "node:child_process";

/** What was run: a seed shows the same world at the same commit alone. */
export function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return "an unknown commit";
  }
}
