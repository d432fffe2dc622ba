import { describe, expect, it } from "vitest";
import { readDeadLetter, writeDeadLetter } from "../../lib/engine/dead-letter.ts";
import { giveUpFor, webhookJob } from "../support/port-values.ts";

describe("a dead letter", () => {
  const job = webhookJob({ partner: "acme", connectionId: null });
  const why = giveUpFor("bad-json");

  it("that a consumer wrote carries its job and its reasons", () => {
    expect(readDeadLetter(writeDeadLetter(job, why))).toEqual({ kind: "given-up", job, why });
  });

  it("that the queue redrove is a bare job", () => {
    expect(readDeadLetter(JSON.stringify(job))).toEqual({ kind: "job", job });
  });

  it("that is neither is unreadable, whatever it is", () => {
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '"text"',
      JSON.stringify({ job }),
      JSON.stringify({ job: {}, why }),
      JSON.stringify({ ...job, version: 2 }),
    ]) {
      expect(readDeadLetter(text)).toEqual({ kind: "unreadable" });
    }
  });
});
