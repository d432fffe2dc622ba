import type { Clock } from "../clock.ts";

/** Who wants to run. */
export interface AdmissionRequest {
  readonly functionName: string;
  readonly reservedConcurrency: number | null;
  /** Polled and scheduled work, which may not take the last places. */
  readonly background: boolean;
  readonly payloadBytes: number;
  readonly waitMsMax: number;
}

export interface AdmissionLimits {
  /** Invocations at the same time, over all functions. */
  readonly concurrencyMax: number;
  /** Of these, how many background work leaves to requests that a person or a partner waits for. */
  readonly keptForRequests: number;
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
}

/**
 * Says who may run now. On AWS a thousand invocations run at once; here ten, so whoever finds no place waits in a
 * bounded line, first come first served, except that a function at its own limit holds up nobody else.
 */
export interface Admission {
  admit(request: AdmissionRequest): Promise<"admitted" | "throttled">;
  release(request: AdmissionRequest): void;
  /** Throttles everyone who waits and everyone who comes. */
  close(): void;
}

interface Waiter {
  readonly request: AdmissionRequest;
  settle(outcome: "admitted" | "throttled"): void;
}

export function createAdmission(limits: AdmissionLimits, clock: Clock): Admission {
  const runningByFunction = new Map<string, number>();
  const backgroundMax = Math.max(1, limits.concurrencyMax - limits.keptForRequests);
  let waiters: readonly Waiter[] = [];
  let running = 0;
  let runningInBackground = 0;
  let waitingBytes = 0;
  let closed = false;

  function hasPlace(request: AdmissionRequest): boolean {
    if (running >= limits.concurrencyMax) return false;
    if (request.background && runningInBackground >= backgroundMax) return false;
    return (
      request.reservedConcurrency === null ||
      (runningByFunction.get(request.functionName) ?? 0) < request.reservedConcurrency
    );
  }

  function count(request: AdmissionRequest, change: 1 | -1): void {
    running += change;
    if (request.background) runningInBackground += change;
    runningByFunction.set(request.functionName, (runningByFunction.get(request.functionName) ?? 0) + change);
  }

  function admitWaiting(): void {
    for (const waiter of waiters) if (hasPlace(waiter.request)) waiter.settle("admitted");
  }

  function wait(request: AdmissionRequest): Promise<"admitted" | "throttled"> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        request,
        settle(outcome) {
          cancel();
          waiters = waiters.filter((other) => other !== waiter);
          waitingBytes -= request.payloadBytes;
          if (outcome === "admitted") count(request, 1);
          resolve(outcome);
        },
      };
      const cancel = clock.after(request.waitMsMax, () => waiter.settle("throttled"));
      waiters = [...waiters, waiter];
      waitingBytes += request.payloadBytes;
    });
  }

  return {
    async admit(request) {
      if (closed || request.reservedConcurrency === 0) return "throttled";
      if (hasPlace(request)) {
        count(request, 1);
        return "admitted";
      }
      const full = waiters.length >= limits.waitingMax || waitingBytes + request.payloadBytes > limits.waitingBytesMax;
      return full || request.waitMsMax <= 0 ? "throttled" : wait(request);
    },
    release(request) {
      count(request, -1);
      admitWaiting();
    },
    close() {
      closed = true;
      for (const waiter of waiters) waiter.settle("throttled");
    },
  };
}
