import type { PartnerDriver, ResourceDriver } from "../engine/define-partner.ts";
import type { Connection } from "../engine/ports.ts";
import type { Position, Progress, Run } from "../engine/run.ts";
import type { FullPass } from "./full-pass.ts";
import type { Stop } from "./outcome.ts";
import type { SaveTarget } from "./save-records.ts";
import type { TokensAhead } from "./tokens-ahead.ts";

export interface ImportPlace {
  readonly driver: PartnerDriver;
  readonly resource: ResourceDriver;
  readonly connection: Connection;
  readonly run: Run;
  /** Of a full pass. */
  readonly pass: FullPass | null;
  /** For its pages, which follow one another. */
  readonly tokens: TokensAhead;
}

/** `progress` is null when nothing was saved, so that there is nothing to check in. */
export type PageOutcome =
  | {
      readonly kind: "moved";
      readonly position: Position;
      readonly progress: Progress;
      /** What the next import of changes starts from, once this one has ended. */
      readonly syncToken?: string;
    }
  | {
      readonly kind: "stopped";
      readonly why: Stop;
      readonly position: Position;
      readonly progress: Progress | null;
      /** The run has to pass over everything from here. */
      readonly mode?: "full";
    };

export function targetOf(place: Omit<ImportPlace, "pass" | "tokens">): SaveTarget {
  const { driver, connection, resource, run } = place;
  return {
    driver,
    connection,
    resource,
    resourceName: run.resource,
    source: { kind: "run", id: run.runId },
    trace: run.trace,
  };
}
