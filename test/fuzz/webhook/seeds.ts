import { readFileSync } from "node:fs";
import { claimedMs, judge } from "../../../lib/engine/signatures/diagnosis/judge.ts";
import { schemes } from "../../../lib/engine/signatures/diagnosis/schemes.ts";
import { subjectOf, VectorFile } from "../../../lib/engine/signatures/diagnosis/vectors.ts";
import { senders } from "../../engine/signatures/senders.ts";
import type { Post } from "./post.ts";
import type { Random } from "./random.ts";

const vectorsFile = new URL("../../fixtures/signatures/vectors.json", import.meta.url);
const sentAtMs = Date.UTC(2026, 10, 20, 12);

/** Published posts of every scheme that partners send, rightful or not. */
export function publishedPosts(): readonly Post[] {
  const vectors = VectorFile.parse(JSON.parse(readFileSync(vectorsFile, "utf8")));
  return vectors
    .filter(({ scheme }) => !scheme.endsWith("-primitive"))
    .map((vector) => {
      const entry = schemes.get(vector.scheme);
      if (entry === undefined) throw new Error(`there is no scheme "${vector.scheme}"`);
      const subject = subjectOf(vector, entry.keyed);
      const nowMs = subject.nowMs ?? claimedMs(entry, subject) ?? sentAtMs;
      const post = { ...subject, scheme: vector.scheme, nowMs, history: [`vector "${vector.name}"`] };
      if (judge(entry, post).ok !== vector.valid) throw new Error(`the vector "${vector.name}" comes out wrong`);
      return post;
    });
}

/** A post that a partner signs now: the same secret and form, another body each time. */
export function freshPost(random: Random): Post {
  const sender = random.pick(senders);
  const body = random.pick([
    () => new TextEncoder().encode(JSON.stringify({ id: random.below(1e9), name: random.text(20), nested: [{}] })),
    () => random.bytes(random.below(200)),
    () => new Uint8Array(),
  ])();
  return {
    ...sender.send(body, sentAtMs, sender.secret),
    scheme: sender.scheme,
    method: "POST",
    secrets: [sender.secret],
    nowMs: sentAtMs,
    key: sender.key ?? null,
    parameters: sender.parameters ?? {},
    history: [`sent by "${sender.scheme}"`],
  };
}
