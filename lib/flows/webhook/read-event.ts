import { dataFailure } from "../../engine/data-failure.ts";
import type { PartnerDriver, WebhookDriver, WebhookFacts } from "../../engine/define-partner.ts";
import type { WebhookWork } from "../../engine/job.ts";
import { parseForm } from "../../engine/parse-form.ts";
import { parseJson } from "../../engine/parse-json.ts";
import type { Ports } from "../../engine/ports.ts";
import { failedWebhook, webhookPlace } from "./failed-webhook.ts";
import type { FailedWebhook } from "./failed-webhook.ts";

/** A verified post as the driver's functions take it: the event by the driver's schema, and the facts beside it. */
export interface ReadEvent {
  readonly kind: "event";
  readonly event: unknown;
  readonly facts: WebhookFacts;
}

/** Reads a post's body in the driver's form, then by its schema. What does not fit was rightly signed: it is a failure to look at. */
export async function readEvent(
  ports: Pick<Ports, "claims">,
  driver: PartnerDriver,
  webhook: WebhookDriver,
  work: WebhookWork,
): Promise<ReadEvent | FailedWebhook> {
  const facts: WebhookFacts = { headers: work.headers ?? {} };
  const bytes = await bodyOf(ports, work);
  if (bytes === null) {
    const toDo = "Its time to be kept has passed: discard the failure.";
    return failedWebhook(driver, "claim-missing", "the body in the claim-check bucket", "nothing", toDo);
  }
  // A part travels as JSON, whatever the whole came as.
  const form = work.partOf === undefined ? (webhook.body ?? "json") : "json";
  const body: Parsed = form === "none" ? { kind: "read", value: facts.headers } : await parse(form, bytes);
  if (body.kind === "unreadable") {
    const actual = `${work.contentType || "no content type"}, ${bytes.byteLength} bytes: ${body.reason}`;
    const toDo = "It was rightly signed: ask the partner, or mend the driver.";
    return failedWebhook(driver, `webhook-not-${form}`, `a body that is ${titles[form]}`, actual, toDo);
  }
  const parsed = webhook.schema.safeParse(body.value);
  if (parsed.success) return { kind: "event", event: parsed.data, facts };
  const error = dataFailure(driver, "webhook-shape", "an event of the driver's schema", parsed.error);
  return { kind: "failed", place: webhookPlace, error };
}

const titles = { json: "JSON", form: "a form", xml: "XML", none: "empty" } as const;

type Parsed =
  { readonly kind: "read"; readonly value: unknown } | { readonly kind: "unreadable"; readonly reason: string };

async function parse(form: "json" | "form" | "xml", bytes: Uint8Array): Promise<Parsed> {
  switch (form) {
    case "json": {
      const json = parseJson(bytes);
      if (json.kind === "json") return { kind: "read", value: json.body };
      return { kind: "unreadable", reason: json.kind === "empty" ? "it is empty" : "not JSON, or nested too deep" };
    }
    case "form": {
      const parsed = parseForm(bytes);
      return parsed.kind === "form" ? { kind: "read", value: parsed.fields } : parsed;
    }
    case "xml": {
      // Loaded with the first body of XML: consumers of all other partners never run the parser's module.
      const { parseXml } = await import("../../engine/parse-xml.ts");
      const parsed = parseXml(bytes);
      return parsed.kind === "xml" ? { kind: "read", value: parsed.document } : parsed;
    }
  }
}

async function bodyOf(ports: Pick<Ports, "claims">, work: WebhookWork): Promise<Uint8Array | null> {
  switch (work.body.kind) {
    case "text":
      return new TextEncoder().encode(work.body.text);
    case "base64":
      return Buffer.from(work.body.base64, "base64");
    case "claim":
      return ports.claims.get(work.body.key);
  }
}
