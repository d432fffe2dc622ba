/** One line of the local stack's log. */
export interface LocalLogLine {
  readonly level: "info" | "warn";
  /** Who says it: a function's name, `mapping <id>`, `schedule <name>`, `http`. */
  readonly source: string;
  readonly text: string;
}

export type LocalLog = (line: LocalLogLine) => void;
