import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { schemes } from "../../../lib/engine/signatures/diagnosis/schemes.ts";
import { judgeVector, VectorFile } from "../../../lib/engine/signatures/diagnosis/vectors.ts";

const file = new URL("../../fixtures/signatures/vectors.json", import.meta.url);
const vectors = VectorFile.parse(JSON.parse(readFileSync(file, "utf8")));

test("are all there", () => {
  expect(vectors).toHaveLength(75);
  expect(vectors.filter((vector) => vector.valid)).toHaveLength(50);
});

test.each(vectors)("$scheme: $name", (vector) => {
  const result = judgeVector(vector);
  expect(result).toMatchObject({ kind: "judged", right: true, verdict: { ok: vector.valid } });
});

test("a scheme that nobody knows is no case passed, whatever the case expects", () => {
  const [vector] = vectors;
  if (vector === undefined) throw new Error("no vectors");
  for (const valid of [true, false])
    expect(judgeVector({ ...vector, scheme: "unheard-of", valid })).toEqual({ kind: "unknown-scheme", right: false });
});

test("of every scheme of the file there is a rightful case, and none is by mistake in the table alone", () => {
  const rightful = new Set(vectors.filter((vector) => vector.valid).map((vector) => vector.scheme));
  expect([...new Set(vectors.map((vector) => vector.scheme))].filter((scheme) => !rightful.has(scheme))).toEqual([]);
  expect([...schemes.keys()].filter((scheme) => !rightful.has(scheme)).toSorted()).toEqual([
    "basic",
    "google-channel-token",
    "google-pub-sub",
    "own-token",
    "secret-path",
  ]);
});
