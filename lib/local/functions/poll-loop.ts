import { pause, type Clock } from "../clock.ts";
import type { LocalLog } from "../log.ts";
import type { MappingPoller, MappingState } from "./mapping-poller.ts";

export interface PollTurn {
  /** Aborted when the poller stops. */
  readonly signal: AbortSignal;
  /** False once the poller stops or its mapping is disabled: what is tried again and again ends here. */
  goesOn(): boolean;
}

export interface PollLoopOptions {
  readonly mappingId: string;
  readonly enabled: boolean;
  readonly clock: Clock;
  readonly onLog: LocalLog;
  /** One round: polls and hands over what came. What it throws is logged, and the loop backs off. */
  readonly round: (turn: PollTurn) => Promise<void>;
  /** Resolves when nothing that was taken is unfinished. */
  readonly settled: () => Promise<unknown>;
}

const backoffMsFirst = 250;
const backoffMsMax = 30_000;

/** The life of a poller: one round after the other, parked while disabled, calm when its source fails. */
export function createPollLoop(options: PollLoopOptions): MappingPoller {
  const { clock, onLog, mappingId } = options;
  const stopping = new AbortController();
  let wanted = options.enabled;
  let state: MappingState = options.enabled ? "Enabling" : "Disabled";
  let onChange: (() => void) | null = null;
  let started = false;
  let backoffMs = 0;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (wanted) await turn();
      else await park();
    }
  }

  async function turn(): Promise<void> {
    state = "Enabled";
    try {
      await options.round({ signal: stopping.signal, goesOn: () => wanted && !stopping.signal.aborted });
      backoffMs = 0;
    } catch (error) {
      backoffMs = Math.min(Math.max(backoffMs * 2, backoffMsFirst), backoffMsMax);
      if (stopping.signal.aborted) return;
      onLog({
        level: "warn",
        source: `mapping ${mappingId}`,
        text: `polling failed, next try in ${backoffMs} ms: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
      });
      await pause(clock, backoffMs, stopping.signal);
    }
  }

  async function park(): Promise<void> {
    await options.settled();
    if (wanted || stopping.signal.aborted) return;
    state = "Disabled";
    await new Promise<void>((resolve) => {
      onChange = resolve;
    });
    onChange = null;
  }

  return {
    start() {
      if (started) return;
      started = true;
      void run();
    },
    setEnabled(enabled) {
      if (enabled === wanted) return;
      wanted = enabled;
      state = enabled ? "Enabling" : "Disabling";
      onChange?.();
    },
    state: () => state,
    async stop() {
      stopping.abort();
      onChange?.();
      // A poll in hand is left to end by itself: what it may still receive is given to nobody and stays in its source.
      await options.settled();
    },
  };
}
