import type { OutboundAnswer, Transport } from "../../../lib/engine/ports.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Conditions } from "../world/conditions.ts";
import type { Instance } from "../world/instance.ts";
import type { SimulatedPartner } from "./simulated-partner.ts";

/** How one worker reaches the partners: requests and answers take their time, and some get lost on either way. */
export function networkFor(
  ground: Ground,
  instance: Instance,
  conditions: Conditions,
  partners: readonly SimulatedPartner[],
  connectionOf: (partner: string, account: string) => string,
): Transport {
  const { loop, trace, coverage } = ground;
  const { prng } = instance;
  const { network, faults } = conditions;
  return {
    send: (request) =>
      new Promise((resolve) => {
        if (!instance.isAlive) return;
        const dies = ground.isFaulty() ? prng.unit() : 1;
        if (dies < faults.dieBefore) return instance.die("before a call to the partner");
        const partner = partners.find(
          ({ conditions: { name } }) => new URL(request.url).host === `api.${name}.example`,
        );
        if (partner === undefined) throw new RangeError(`nobody answers at ${request.url}`);
        const hear = (answer: OutboundAnswer, afterMs: number): void =>
          loop.after(afterMs, () => instance.isAlive && resolve(answer));
        const lose = (what: string): void => {
          coverage.count(what);
          const detail = { kind: "lost", reason: "timeout", detail: what } as const;
          hear(detail, Math.max(0, askedAtMs + request.timeoutMs - loop.nowMs()));
        };
        const askedAtMs = loop.nowMs();
        trace.add(askedAtMs, `${instance.id} ${request.method} ${request.url}`);
        if (ground.isFaulty() && prng.chance(network.lostRequest)) return lose("request lost");
        const isLate = ground.isFaulty() && prng.chance(network.late);
        if (isLate) coverage.count("request far too late");
        const wayMs = network.delayMs + prng.between(0, network.jitterMs) + (isLate ? prng.between(300, 4_000) : 0);
        loop.after(wayMs, () => {
          const served = partner.arrive(request, { isWithinBounds: !isLate, sentAtMs: askedAtMs, worker: instance.id });
          if (dies < faults.dieBefore + faults.dieAfter) {
            served.leave();
            return instance.die("after a call to the partner");
          }
          if (served.answer === "never") {
            // It may work on for a while after we have stopped to listen.
            loop.after(prng.between(5_000, 28_000), served.leave);
            return lose("partner never answered");
          }
          const answer = served.answer;
          const workMs = prng.between(10, 400);
          loop.after(workMs, () => {
            served.leave();
            trace.add(loop.nowMs(), `${partner.conditions.name} answers ${instance.id} ${statusOf(answer)}`);
            if (ground.isFaulty() && prng.chance(network.lostAnswer)) return lose("answer lost");
            const backMs = network.delayMs + prng.between(0, network.jitterMs);
            if (loop.nowMs() + backMs > askedAtMs + request.timeoutMs) return lose("answer too late");
            loop.after(backMs, () => {
              if (!instance.isAlive) return;
              tellDelivered();
              resolve(answer);
            });
          });
          const tellDelivered = (): void => {
            const account = (request.headers["authorization"] ?? "").replace("Bearer ", "");
            const where = {
              partner: partner.conditions.name,
              connectionId: connectionOf(partner.conditions.name, account),
            };
            const seen = (thing: { id: string; revision: number }) => ({
              ...where,
              externalId: thing.id,
              revision: thing.revision,
            });
            if (served.page !== null)
              ground.tell({
                kind: "page-delivered",
                worker: instance.id,
                connectionId: where.connectionId,
                url: request.url,
                things: served.page.map(seen),
              });
            if (served.thing !== null)
              ground.tell({ kind: "thing-delivered", worker: instance.id, thing: seen(served.thing), askedAtMs });
          };
        });
      }),
  };
}

function statusOf(answer: OutboundAnswer): string {
  return answer.kind === "answered" ? String(answer.status) : answer.reason;
}
