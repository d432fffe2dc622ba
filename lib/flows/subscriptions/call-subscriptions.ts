import * as z from "zod";
import { dataFailure } from "../../engine/data-failure.ts";
import type { PartnerDriver, PartnerRequest } from "../../engine/define-partner.ts";
import { PartnerError } from "../../engine/errors.ts";
import type { Connection } from "../../engine/ports.ts";
import type { RemoteSubscription, SubscriptionDriver } from "../../engine/subscription-driver.ts";
import type { Subscription } from "../../engine/subscription.ts";
import { callPartner } from "../call-partner.ts";
import type { CallPorts, CallResult } from "../call-partner.ts";
import type { WorkContext } from "../outcome.ts";

export interface SubscriptionWork {
  readonly driver: PartnerDriver;
  readonly subscriptions: SubscriptionDriver;
  readonly connection: Connection;
  readonly context: WorkContext;
}

export type Asked<T> = { readonly kind: "ok"; readonly value: T } | Exclude<CallResult, { readonly kind: "ok" }>;

const pagesMax = 10;

/** Makes one call about the partner's subscriptions, and reads its answer by the driver's schema. */
export async function ask<T>(
  ports: CallPorts,
  { driver, connection, context }: SubscriptionWork,
  request: PartnerRequest,
  read: (body: unknown) => T,
): Promise<Asked<T>> {
  const { deadlineMs } = context;
  const result = await callPartner(ports, { driver, connection, request, lane: "webhooks", deadlineMs });
  if (result.kind !== "ok") return result;
  try {
    return { kind: "ok", value: read(result.body) };
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error;
    const expected = `an answer of ${request.endpoint} as the driver knows it`;
    return { kind: "failed", error: dataFailure(driver, "bad-subscription-answer", expected, error) };
  }
}

/**
 * All that go to the connection's own address, which nobody else can have made up as it carries a MAC, and the one that was
 * made before for another address of it.
 */
export async function listOurs(
  ports: CallPorts,
  work: SubscriptionWork,
  { url, id }: Pick<Subscription, "url" | "id">,
): Promise<Asked<readonly RemoteSubscription[]>> {
  const { request, read } = work.subscriptions.list;
  const ours: RemoteSubscription[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page++) {
    const asked: Asked<ReturnType<typeof read>> = await ask(ports, work, request(cursor), read);
    if (asked.kind !== "ok") return asked;
    ours.push(...asked.value.items.filter((each) => each.url === url || each.id === id));
    cursor = asked.value.next;
    if (cursor === null) return { kind: "ok", value: ours };
  }
  return { kind: "failed", error: tooMany(work.driver) };
}

/** One that is gone already is removed too. */
export async function remove(ports: CallPorts, work: SubscriptionWork, id: string): Promise<Asked<null>> {
  const asked = await ask(ports, work, work.subscriptions.remove(id), () => null);
  const isGone = asked.kind === "failed" && ["http-404", "http-410"].includes(asked.error.code);
  return isGone ? { kind: "ok", value: null } : asked;
}

function tooMany(driver: PartnerDriver): PartnerError {
  return new PartnerError({
    code: "too-many-subscriptions",
    kind: "client",
    partner: driver.name,
    message: `${driver.title} lists more than ${pagesMax} pages of webhook subscriptions: remove there what nobody needs, then ask again.`,
    cause: { expected: `at most ${pagesMax} pages`, actual: "more" },
  });
}
