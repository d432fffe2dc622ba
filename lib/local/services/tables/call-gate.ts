/** Lets calls through side by side, and now and then a piece of work alone, which waits for them and holds those that come. */
export interface CallGate {
  through<Answer>(call: () => Promise<Answer>): Promise<Answer>;
  alone(work: () => Promise<void>): Promise<void>;
}

export function createCallGate(): CallGate {
  const underWay = new Set<Promise<unknown>>();
  let closed: Promise<void> | null = null;

  async function through<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    while (closed !== null) await closed;
    const running = call();
    underWay.add(running);
    try {
      return await running;
    } finally {
      underWay.delete(running);
    }
  }

  async function alone(work: () => Promise<void>): Promise<void> {
    while (closed !== null) await closed;
    const { promise, resolve: open } = Promise.withResolvers<void>();
    closed = promise;
    try {
      await Promise.allSettled(underWay);
      await work();
    } finally {
      closed = null;
      open();
    }
  }

  return { through, alone };
}
