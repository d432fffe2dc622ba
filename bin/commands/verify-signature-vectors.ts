import { readFileSync } from "node:fs";
import * as z from "zod";
import { judgeVector, VectorFile } from "../../lib/engine/signatures/diagnosis/vectors.ts";
import type { CaseResult, VectorCase } from "../../lib/engine/signatures/diagnosis/vectors.ts";
import type { Values } from "./command.ts";
import { print } from "./support/print.ts";
import { UsageError } from "./usage-error.ts";

/** Judges a file of cases: a line a case and a total. The exit code is 0 only if there are cases and all are right. */
export function judgeFile(values: Values, file: string): number {
  const judged = readVectors(file).map((vector) => ({ vector, result: judgeVector(vector) }));
  const right = judged.filter(({ result }) => result.right).length;
  const cases = judged.map(({ vector, result }) => ({
    scheme: vector.scheme,
    name: vector.name,
    valid: vector.valid,
    right: result.right,
    ...(result.kind === "judged" ? { verdict: result.verdict } : { error: "unknown scheme" }),
  }));
  print(values, { cases, right, total: judged.length }, () =>
    [...judged.map(({ vector, result }) => lineOf(vector, result)), "", totalText(right, judged.length)].join("\n"),
  );
  return judged.length > 0 && right === judged.length ? 0 : 1;
}

function readVectors(file: string): readonly VectorCase[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`--vectors ${file}: there is no such file that can be read.`);
  }
  const parsed = VectorFile.safeParse(jsonIn(text));
  if (parsed.success) return parsed.data;
  // The problems name places and types; what stands there may be a secret.
  throw new UsageError(`--vectors ${file} is no file of cases:\n${z.prettifyError(parsed.error).slice(0, 2_000)}`);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function lineOf({ scheme, name, valid }: VectorCase, result: CaseResult): string {
  const mark = result.right ? "right" : "WRONG";
  const said =
    result.kind === "unknown-scheme" ? "unknown scheme" : result.verdict.ok ? "holds" : result.verdict.reason;
  return `${mark}  ${scheme}: ${name} (${said}${result.right ? "" : `; expected to ${valid ? "hold" : "be refused"}`})`;
}

function totalText(right: number, total: number): string {
  if (total === 0) return "There are no cases in it.";
  return right === total ? `All ${total} cases are right.` : `${right} of ${total} cases are right.`;
}
