import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Received } from "../oauth/receive-code.ts";
import type { Reply } from "./envelope.ts";

type Refusal = Extract<Received, { kind: "refused" }>["reason"];

const refusals: Readonly<Record<Refusal, string>> = {
  unknown: "This link does not belong to any connection that was begun here. Begin again where you came from.",
  expired: "This took longer than ten minutes, and the link has run out. Begin again where you came from.",
  used: "This link was used before. If the connection is not there in a minute, begin again where you came from.",
  "no-code": "The answer holds no authorisation code. Begin again where you came from.",
  "not-ready": "This partner is not set up here. Tell whoever runs this installation.",
};

/** What a person sees when the browser comes back: plain, without scripts, and with nothing in it of what the browser brought. */
export function pageFor(driver: Pick<PartnerDriver, "title"> | null, received: Received): Reply {
  const title = driver?.title ?? "The partner";
  switch (received.kind) {
    case "received":
      return page(
        200,
        "Almost there",
        `${title} said yes. The connection is being tried and will be there in a moment; you can close this window.`,
      );
    case "denied":
      return page(
        200,
        "Not connected",
        `${title} was not authorised, and nothing was changed. You can close this window.`,
      );
    case "refused":
      return page(400, "Not connected", refusals[received.reason]);
  }
}

function page(status: 200 | 400, heading: string, text: string): Reply {
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(heading)}</title></head>
<body><main><h1>${escaped(heading)}</h1><p>${escaped(text)}</p></main></body>
</html>
`;
  return { status, page: body };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
