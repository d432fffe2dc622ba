import * as z from "zod";
import type { Route, SandboxContext } from "../../local/sandbox/definition.ts";
import { Emptyable, FormInteger, mergeMetadata, MetadataChange } from "./sandbox-fields.ts";
import type { State } from "./sandbox-objects.ts";
import { invalidRequest, missing } from "./sandbox-replies.ts";
import { customers } from "./sandbox-resources.ts";
import { changeBy, write, type Cause, type Written } from "./sandbox-writes.ts";

const AddressFields = z.strictObject({
  city: Emptyable.optional(),
  country: Emptyable.optional(),
  line1: Emptyable.optional(),
  line2: Emptyable.optional(),
  postal_code: Emptyable.optional(),
  state: Emptyable.optional(),
});

/** docs.stripe.com/api/customers/update, without what needs objects that the sandbox does not have. */
const CustomerFields = z.strictObject({
  address: z.union([z.literal("").transform(() => null), AddressFields]).optional(),
  balance: FormInteger.optional(),
  description: Emptyable.optional(),
  email: Emptyable.optional(),
  metadata: z.union([z.literal("").transform(() => null), MetadataChange]).optional(),
  name: Emptyable.optional(),
  phone: Emptyable.optional(),
});
type CustomerFields = z.infer<typeof CustomerFields>;

const Metadata = z.record(z.string(), z.string());

export function customerRoute(context: SandboxContext): Route {
  return {
    method: "POST",
    template: `${customers.path}/{id}`,
    handle: (request, account) =>
      write(context, request, account, CustomerFields, (fields, cause) =>
        updateCustomer(context, account, request.params["id"] ?? "", fields, cause),
      ),
  };
}

function updateCustomer(
  context: SandboxContext,
  account: string,
  id: string,
  fields: CustomerFields,
  cause: Cause,
): Written {
  const customer = context.objects.get(account, customers.type, id);
  if (customer === null || customer.deleted) return { reply: missing(404, customers.noun, id) };
  const { metadata: metadataChange, address, ...plain } = fields;
  const before = Metadata.parse(customer.state["metadata"]);
  const metadata = metadataChange === null ? {} : mergeMetadata(before, metadataChange ?? {});
  if (metadata === null) return { reply: invalidRequest("Metadata has at most 50 keys.", undefined, "metadata") };
  const nextAddress =
    address === undefined ? {} : { address: address === null ? null : { ...emptyAddress, ...address } };
  const after: State = { ...customer.state, ...plain, ...nextAddress, metadata };
  const previous = differences(customer.state, after);
  const change = changeBy(context, account, cause);
  // An update that changes nothing makes no event at Stripe, and no revision here.
  if (Object.keys(previous).length === 0) {
    return {
      change,
      reply: { status: 200, body: after, references: [[customers.type, id, customer.revision]], single: true },
    };
  }
  const reference = change.put(customers.type, id, after);
  change.emit("customer.updated", reference, after, previous);
  return { change, reply: { status: 200, body: after, references: [reference], single: true } };
}

const emptyAddress = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };

/** The earlier values of what changed: an event's `previous_attributes`. */
function differences(before: Readonly<State>, after: Readonly<State>): State {
  return Object.fromEntries(
    Object.entries(before).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(after[name])),
  );
}
