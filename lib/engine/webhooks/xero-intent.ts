import * as z from "zod";
import { parseJson } from "../parse-json.ts";
import type { Challenge } from "./webhook-answer.ts";

const bodyBytesMax = 4_096;
const Probe = z.object({ events: z.array(z.unknown()).length(0) });

/**
 * Xero's "intent to receive": probes without events, some of them rightly signed and some not, until all are answered as
 * they should be. Those that are wrong never come here. https://developer.xero.com/documentation/guides/webhooks/configuring-your-server
 */
export const xeroIntent: Challenge = ({ rawBody }) => {
  if (rawBody.byteLength > bodyBytesMax) return null;
  const parsed = parseJson(rawBody);
  return Probe.safeParse(parsed.kind === "json" ? parsed.body : null).success ? { status: 200, body: "" } : null;
};
