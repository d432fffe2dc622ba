import type { SandboxContext } from "../../local/sandbox/definition.ts";
import type { Put } from "../../local/sandbox/journal-entry.ts";
import { chargeAt, customerAt, paymentIntentAt, type Counts, type State } from "./sandbox-objects.ts";
import { charges, customers, paymentIntents, type Resource } from "./sandbox-resources.ts";

/** Seeds are older than events are kept, as they have none. */
const NEWEST_AGE_SECONDS = 31 * 24 * 3_600;
const APART_SECONDS = 60;
const CHUNK = 500;

/** Sows an account's first objects, in pieces; those that an earlier, killed sowing left are not sown again. */
export function seedAccount(context: SandboxContext, account: string, counts: Counts): void {
  sow(context, account, customers, counts.customers, (index, created) => customerAt(account, index, created));
  sow(context, account, paymentIntents, counts.paymentIntents, (index, created) =>
    paymentIntentAt(account, index, created, counts),
  );
  sow(context, account, charges, counts.charges, (index, created) => chargeAt(account, index, created, counts));
}

function sow(
  context: SandboxContext,
  account: string,
  resource: Resource,
  count: number,
  make: (index: number, created: number) => State,
): void {
  const atMs = context.clock.nowMs();
  const newest = Math.floor(atMs / 1_000) - NEWEST_AGE_SECONDS;
  for (let start = context.objects.created(account, resource.type); start < count; start += CHUNK) {
    const puts: Put[] = [];
    for (let index = start; index < Math.min(count, start + CHUNK); index += 1) {
      const state = make(index, newest - (count - 1 - index) * APART_SECONDS);
      puts.push({ type: resource.type, id: String(state["id"]), revision: 1, deleted: false, state, about: null });
    }
    context.record({ kind: "change", atMs, account, puts, deliveries: [], saved: null, write: null });
  }
}
