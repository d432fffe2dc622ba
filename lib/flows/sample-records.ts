import type { Ports } from "../engine/ports.ts";
import type { RecordMark, RecordScope } from "../engine/record.ts";

/** Read of the index at once; of a resource with more, the first so many and as many from a place by chance. */
const entriesMax = 1_000;
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Ids of some records by chance, of those that are not deleted; of a large resource, roughly evenly. */
export async function sampleRecords(
  ports: Pick<Ports, "records" | "random">,
  scope: RecordScope,
  count: number,
): Promise<readonly string[]> {
  const first = await ports.records.digests(scope, null, entriesMax);
  const more = first.next === null ? [] : await someFurther(ports, scope, first.marks);
  const live = new Set([...first.marks, ...more].flatMap((mark) => (mark.deleted ? [] : [mark.externalId])));
  return [...live]
    .map((externalId) => ({ externalId, by: ports.random.unit() }))
    .toSorted((a, b) => a.by - b.by)
    .slice(0, count)
    .map(({ externalId }) => externalId);
}

/** A jump that lands nowhere new is tried elsewhere. */
const jumpsMax = 4;

/** Ids share how they begin, the first of them perhaps more than all do: cut there or a little before, a letter by chance follows. */
async function someFurther(
  ports: Pick<Ports, "records" | "random">,
  scope: RecordScope,
  known: readonly RecordMark[],
): Promise<readonly RecordMark[]> {
  const [from = "", to = ""] = [known[0]?.externalId, known.at(-1)?.externalId];
  const ids = new Set(known.map(({ externalId }) => externalId));
  const draw = (below: number): number => Math.floor(ports.random.unit() * below);
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared++;
  const start = draw(jumpsMax);
  for (let jump = 0; jump < jumpsMax; jump++) {
    const cut = Math.max(0, shared - ((start + jump) % jumpsMax));
    const after = `${from.slice(0, cut)}${letters.charAt(draw(letters.length))}`;
    const { marks } = await ports.records.digests(scope, after, entriesMax);
    if (marks.some(({ externalId }) => !ids.has(externalId))) return marks;
  }
  return [];
}
