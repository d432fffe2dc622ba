import type { OutboundAnswer, OutboundRequest, Transport } from "../../../lib/engine/ports.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Conditions } from "../world/conditions.ts";
import type { SeenThing } from "../world/events.ts";
import type { Instance } from "../world/instance.ts";
import type { Served, SimulatedPartner } from "./simulated-partner.ts";

export interface Surroundings {
  readonly ground: Ground;
  readonly conditions: Conditions;
  readonly partners: readonly SimulatedPartner[];
  readonly connectionOf: (partner: string, account: string) => string;
}

/** How one worker reaches the partners: requests and answers take their time, and some get lost on either way. */
export function networkFor(around: Surroundings, instance: Instance): Transport {
  return {
    send: (request) =>
      new Promise((resolve) => {
        if (instance.isAlive) sendOne(around, instance, request, resolve);
      }),
  };
}

type Hear = (answer: OutboundAnswer) => void;

function sendOne(around: Surroundings, instance: Instance, request: OutboundRequest, resolve: Hear): void {
  const { ground, conditions, partners } = around;
  const { loop, trace, coverage } = ground;
  const { prng } = instance;
  const { network, faults } = conditions;
  const dies = ground.isFaulty() ? prng.unit() : 1;
  if (dies < faults.dieBefore) return instance.die("before a call to the partner");
  const partner = partners.find(({ conditions: { name } }) => new URL(request.url).host === `api.${name}.example`);
  if (partner === undefined) throw new RangeError(`nobody answers at ${request.url}`);
  const sentAtMs = loop.nowMs();
  const lose = (what: string): void => {
    coverage.count(what);
    loop.at(sentAtMs + request.timeoutMs, () => {
      if (instance.isAlive) resolve({ kind: "lost", reason: "timeout", detail: what });
    });
  };
  trace.add(sentAtMs, `${instance.id} ${request.method} ${request.url}`);
  if (ground.isFaulty() && prng.chance(network.lostRequest)) return lose("request lost");
  const isLate = ground.isFaulty() && prng.chance(network.late);
  if (isLate) coverage.count("request far too late");
  const wayMs = network.delayMs + prng.between(0, network.jitterMs) + (isLate ? prng.between(300, 4_000) : 0);
  loop.after(wayMs, () => {
    const served = partner.arrive(request, { isWithinBounds: !isLate, sentAtMs, worker: instance.id });
    if (dies >= faults.dieBefore + faults.dieAfter)
      return answerOne(around, instance, { request, partner, served, sentAtMs }, resolve, lose);
    served.leave();
    instance.die("after a call to the partner");
  });
}

interface Call {
  readonly request: OutboundRequest;
  readonly partner: SimulatedPartner;
  readonly served: Served & { readonly leave: () => void };
  readonly sentAtMs: number;
}

function answerOne(
  around: Surroundings,
  instance: Instance,
  call: Call,
  resolve: Hear,
  lose: (what: string) => void,
): void {
  const { ground, conditions } = around;
  const { loop, trace } = ground;
  const { prng } = instance;
  const { network } = conditions;
  const { request, partner, served, sentAtMs } = call;
  const { answer } = served;
  if (answer === "never") {
    // It may work on for a while after we have stopped to listen.
    loop.after(prng.between(5_000, 28_000), served.leave);
    return lose("partner never answered");
  }
  loop.after(prng.between(10, 400), () => {
    served.leave();
    const status = answer.kind === "answered" ? String(answer.status) : answer.reason;
    trace.add(loop.nowMs(), `${partner.conditions.name} answers ${instance.id} ${status}`);
    if (ground.isFaulty() && prng.chance(network.lostAnswer)) return lose("answer lost");
    const backMs = network.delayMs + prng.between(0, network.jitterMs);
    if (loop.nowMs() + backMs > sentAtMs + request.timeoutMs) return lose("answer too late");
    loop.after(backMs, () => {
      if (!instance.isAlive) return;
      tellDelivered(around, instance, call);
      resolve(answer);
    });
  });
}

function tellDelivered({ ground, connectionOf }: Surroundings, instance: Instance, call: Call): void {
  const { request, served, sentAtMs } = call;
  const partner = call.partner.conditions.name;
  const account = (request.headers["authorization"] ?? "").replace("Bearer ", "");
  const connectionId = connectionOf(partner, account);
  const worker = instance.id;
  const seen = ({ id, revision }: { readonly id: string; readonly revision: number }): SeenThing => ({
    partner,
    connectionId,
    externalId: id,
    revision,
  });
  if (served.page !== null)
    ground.tell({ kind: "page-delivered", worker, connectionId, url: request.url, things: served.page.map(seen) });
  if (served.thing !== null)
    ground.tell({ kind: "thing-delivered", worker, thing: seen(served.thing), askedAtMs: sentAtMs });
}
