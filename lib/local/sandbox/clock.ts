/** Time as a sandbox sees it: injected, so that a test can judge a limit at its very edge without waiting. */
export interface SandboxClock {
  /** Unix time in milliseconds, with fractions. */
  nowMs(): number;
  /** Runs once after `delayMs`; the answer cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** How far the two clocks of the machine may part before the wall's wins. */
const DRIFT_MAX_MS = 250;

/** The machine's clock, finer than a millisecond: a limiter that rounds arrivals forgives what it must not. */
export function systemClock(): SandboxClock {
  let offsetMs = performance.timeOrigin;
  return {
    nowMs() {
      const wallMs = Date.now();
      // The fine clock stands still while a laptop sleeps, and webhooks must not be signed with yesterday's time.
      if (Math.abs(performance.now() + offsetMs - wallMs) > DRIFT_MAX_MS) offsetMs = wallMs - performance.now();
      return performance.now() + offsetMs;
    },
    after(delayMs, run) {
      const timer = setTimeout(run, Math.max(0, delayMs));
      return () => clearTimeout(timer);
    },
  };
}
