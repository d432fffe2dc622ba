import type { RunView } from "./api-shapes.ts";

const width = 24;

/** One run as a line: a bar where the partner says how much there is, a count where it does not. */
export function progressLine(partner: string, run: RunView): string {
  const { progress } = run;
  const share =
    run.status === "done"
      ? 1
      : progress.total === null || progress.total === 0
        ? null
        : Math.min(1, progress.fetched / progress.total);
  const filled = share === null ? progress.pages % (width + 1) : Math.round(share * width);
  const bar =
    share === null ? `${".".repeat(filled)}>`.padEnd(width).slice(0, width) : "#".repeat(filled).padEnd(width, "-");
  const waiting = run.waiting === null ? "" : `, waiting: ${run.waiting}`;
  const counts = `${progress.fetched} fetched, ${progress.created} new, ${progress.updated} changed${progress.parked === 0 ? "" : `, ${progress.parked} parked`}${childrenOf(progress)}`;
  return `import   ${partner} ${run.resource.padEnd(16)} [${bar}] ${run.status}${waiting}: page ${progress.pages}, ${counts}`;
}

/** Parents whose children are fetched, of all that changed so far. */
function childrenOf({ children = {} }: RunView["progress"]): string {
  return Object.entries(children)
    .map(([name, { parents, due }]) => `, ${name} of ${parents}/${parents + due}`)
    .join("");
}
