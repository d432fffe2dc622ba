import * as z from "zod";
import { parseJson } from "../parse-json.ts";
import type { Challenge } from "./webhook-answer.ts";

const bodyBytesMax = 4_096;
const Asked = z.object({ type: z.literal("url_verification"), challenge: z.string().min(1).max(1_000) });

/** Slack asks whether the endpoint is ours, under its signature, and wants its word back. https://docs.slack.dev/reference/events/url_verification */
export const slackChallenge: Challenge = ({ rawBody }) => {
  if (rawBody.byteLength > bodyBytesMax) return null;
  const parsed = parseJson(rawBody);
  const asked = Asked.safeParse(parsed.kind === "json" ? parsed.body : null);
  if (!asked.success) return null;
  return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: asked.data.challenge };
};
