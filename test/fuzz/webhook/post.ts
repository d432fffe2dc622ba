import type { Subject } from "../../../lib/engine/signatures/diagnosis/subject.ts";

/** One post at our door, with what was configured for it. */
export interface Post extends Subject {
  readonly scheme: string;
  readonly nowMs: number;
  /** Where it comes from and what was done to it, for whoever reads of a violation. */
  readonly history: readonly string[];
}
