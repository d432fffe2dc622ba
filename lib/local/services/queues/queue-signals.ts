/** Wakes long polls when their queue may have something for them. */
export interface QueueSignals {
  notify(queueName: string): void;
  /** Resolves at a notice, after a short while at most (delays and visibility end by themselves), or when the signal aborts. */
  wait(queueName: string, leftMs: number, signal: AbortSignal): Promise<void>;
}

// Looking again costs microseconds; a message whose delay is over is handed out at most this late.
const lookAgainMs = 50;

export function createQueueSignals(): QueueSignals {
  const waiting = new Map<string, Set<() => void>>();
  return {
    notify(queueName) {
      for (const wake of Array.from(waiting.get(queueName) ?? [])) wake();
    },
    async wait(queueName, leftMs, signal) {
      await new Promise<void>((resolve) => {
        const wakers = waiting.get(queueName) ?? new Set();
        waiting.set(queueName, wakers);
        const wake = (): void => {
          clearTimeout(timer);
          wakers.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const timer = setTimeout(wake, Math.min(leftMs, lookAgainMs));
        wakers.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
      // A client that hung up before the message was sent is only known to have gone when this turn of the event loop and
      // its closing of sockets are over.
      await turn();
      await turn();
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
