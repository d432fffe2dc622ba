/** A small change of the source that breaks a promise, and what has to notice. */
export interface PlantedBug {
  readonly name: string;
  /** Below the project's folder. */
  readonly file: string;
  /** There exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What goes wrong in the world because of it. */
  readonly why: string;
  /** The simulation, or a test file that fails; all of it, or the tests of a name. */
  readonly caughtBy: "simulation" | { readonly test: string; readonly name?: string };
}

/** The source with the bug in it. Throws when the source has changed so that the bug no longer fits. */
export function plantIn(source: string, { name, file, find, replace }: PlantedBug): string {
  const first = source.indexOf(find);
  if (first < 0) throw new Error(`planted bug "${name}": ${file} has nowhere "${find}"; mend the bug's \`find\``);
  if (source.indexOf(find, first + 1) >= 0)
    throw new Error(`planted bug "${name}": ${file} has "${find}" more than once; make its \`find\` longer`);
  return source.slice(0, first) + replace + source.slice(first + find.length);
}
