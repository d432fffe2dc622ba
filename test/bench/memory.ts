import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import * as z from "zod";
import { windowMax } from "../../lib/flows/known-digests.ts";
import { makeBundleFolder } from "./support/bundle.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult } from "./support/report.ts";

const few = 100_000;
const many = 2_000_000;
const child = new URL("support/memory-child.ts", import.meta.url);
/** V8 lets garbage grow to what the machine has room for; held short, what is resident is what is needed. */
const heapFlags = ["--max-semi-space-size=1", "--max-old-space-size=20"];
const bare = "process.stdout.write(JSON.stringify({ written: 0, peakKb: process.resourceUsage().maxRSS }))";
const Answer = z.object({ written: z.number(), peakKb: z.number() });

/** The most memory that an import ever takes, each in a process of its own, by how many records there are. */
export async function memory(): Promise<BenchResult> {
  const folder = makeBundleFolder();
  try {
    const bundle = folder.own(child);
    const bareMb = await peakMb(["-e", bare], 0);
    const fewMb = await peakMb([bundle, String(few), "0"], few);
    const manyMb = await peakMb([bundle, String(many), "0"], many);
    const indexedMb = await peakMb([bundle, String(few), String(2 * windowMax)], few);
    return report({ bareMb, fewMb, manyMb, indexedMb });
  } finally {
    folder.remove();
  }
}

function report(of: Readonly<Record<"bareMb" | "fewMb" | "manyMb" | "indexedMb", number>>): BenchResult {
  const { bareMb, fewMb, manyMb, indexedMb } = of;
  return {
    settings: { few, many, pageSize: 100, indexEntries: 2 * windowMax, heapFlags: heapFlags.join(" ") },
    rows: [
      row("an import of 2,000,000 records", "subject", "MB", [manyMb]),
      row("an import of 100,000 records", "baseline", "MB", [fewMb]),
      row("bare Node", "baseline", "MB", [bareMb]),
      row("a pass of 100,000, as much of the index in memory as is ever kept", "extra", "MB", [indexedMb]),
    ],
    verdicts: [
      judge("peak memory, 2,000,000 records / 100,000", { kind: "at-most", limit: 1.05 }, [manyMb / fewMb]),
      judge("peak memory over (bare Node + 48 MB)", { kind: "at-most", limit: 1 }, [manyMb / (bareMb + 48)]),
    ],
    notes: [
      "Resident memory as the system counts it, at its highest. The store counts and keeps nothing; the partner makes its pages as they are asked for.",
      "Bundled as the functions are. All with the same flags, which keep V8 from letting garbage grow: what an import needed beyond them would end it.",
    ],
  };
}

async function peakMb(args: readonly string[], expected: number): Promise<number> {
  const process_ = spawn(process.execPath, [...heapFlags, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const answer = Answer.parse(JSON.parse(await text(process_.stdout)));
  if (answer.written !== expected) throw new Error(`${answer.written} of ${expected} records were written`);
  return answer.peakKb / 1024;
}
