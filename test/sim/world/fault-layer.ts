import type { Ground } from "../kernel/ground.ts";
import type { FaultRates } from "./conditions.ts";
import type { Instance } from "./instance.ts";

/** A service of ours failed, as services do. */
export class ServiceFault extends Error {
  constructor(what: string, how: string) {
    super(`${what}: ${how}`);
    this.name = "ServiceFault";
  }
}

type Fate = "plain" | keyof FaultRates;

/**
 * A port as one worker reaches it: every call takes time, and may fail before or after its effect, take effect after the
 * caller has heard of a failure, happen twice, or be the last thing that its worker does.
 */
export function behindFaults<Port extends object>(
  ground: Ground,
  instance: Instance,
  rates: FaultRates,
  name: string,
  port: Port,
): Port {
  const wrapped = new Map<string | symbol, unknown>();
  return new Proxy(port, {
    get(target, key) {
      const kept = wrapped.get(key);
      if (kept !== undefined) return kept;
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function") return member;
      const what = `${name}.${String(key)}`;
      const call = (...args: unknown[]): Promise<unknown> =>
        callThroughFaults(ground, instance, rates, `${what} ${describe(args)}`, what, () =>
          Promise.resolve<unknown>(Reflect.apply(member, target, args)),
        );
      wrapped.set(key, call);
      return call;
    },
  });
}

function callThroughFaults(
  ground: Ground,
  instance: Instance,
  rates: FaultRates,
  text: string,
  what: string,
  effect: () => Promise<unknown>,
): Promise<unknown> {
  const { loop, trace, coverage } = ground;
  const { prng } = instance;
  if (!instance.isAlive) return new Promise(() => {});
  const fate = ground.isFaulty() ? dealFate(prng.unit(), rates) : "plain";
  if (fate !== "plain") {
    coverage.count(`fault: ${fate}`);
    coverage.count(`fault at ${what}`);
  }
  trace.add(loop.nowMs(), `${instance.id} ${text}${fate === "plain" ? "" : ` [${fate}]`}`);
  const takeEffect = (): Promise<unknown> => {
    ground.actor = instance.id;
    return effect();
  };
  return new Promise((resolve, reject) => {
    const answer = (outcome: Promise<unknown>): void => {
      const laterMs = fate === "slow" ? prng.between(1_000, 15_000) : prng.between(0.5, 6);
      outcome.then(
        (value) => loop.after(laterMs, () => instance.isAlive && resolve(value)),
        (error: unknown) =>
          loop.after(laterMs, () => instance.isAlive && reject(error instanceof Error ? error : new Error(what))),
      );
    };
    const fail = (how: string): void => answer(Promise.reject(new ServiceFault(what, how)));
    loop.after(prng.between(0.5, 8), () => {
      // Its request is on the wire: a death meanwhile does not call it back, except one that was dealt for before it.
      switch (fate) {
        case "dieBefore":
          return instance.die(`before ${what}`);
        case "dieAfter":
          return void takeEffect().then(
            () => instance.die(`after ${what}`),
            () => instance.die(`after ${what}`),
          );
        case "throttled":
          return fail("throttled");
        case "failedBefore":
          return fail("internal error");
        case "failedAfter":
          return void takeEffect().then(
            () => fail("the answer was lost"),
            () => fail("the answer was lost"),
          );
        case "happensLater":
          loop.after(prng.between(50, 20_000), () => void takeEffect().catch(() => {}));
          return fail("timed out");
        case "triedTwice":
          return void takeEffect()
            .catch(() => {})
            .then(() => loop.after(prng.between(20, 200), () => answer(takeEffect())));
        case "slow":
        case "plain":
          return answer(takeEffect());
      }
    });
  });
}

function dealFate(drawn: number, rates: FaultRates): Fate {
  let left = drawn;
  for (const fate of fates) {
    left -= rates[fate];
    if (left < 0) return fate;
  }
  return "plain";
}

const fates = [
  "dieBefore",
  "dieAfter",
  "throttled",
  "failedBefore",
  "failedAfter",
  "happensLater",
  "triedTwice",
  "slow",
] as const;

const names = ["runId", "externalId", "connectionId", "failureId", "id", "key", "item", "revision", "sequence"];

/** Enough of a call's arguments to follow what it is about. */
function describe(args: readonly unknown[]): string {
  return args
    .map((arg) => {
      if (typeof arg !== "object" || arg === null) return String(arg).slice(0, 80);
      const parts = new Map(Object.entries(arg));
      return names
        .flatMap((name) => (parts.has(name) ? [`${name}=${String(parts.get(name)).slice(0, 60)}`] : []))
        .join(" ");
    })
    .join(", ");
}
