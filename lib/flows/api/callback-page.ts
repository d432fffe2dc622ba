import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
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
      return almostThere(title);
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

/** What became of it: for the browser that came before and asks again, which its own page makes it do. */
export function pageOfAttempt({ title }: Pick<PartnerDriver, "title">, { status, wish }: CredentialAttempt): Reply {
  switch (status.kind) {
    case "done":
      return wish.kind === "connect"
        ? page(200, "Connected", `${title} is connected, and its first import begins. You can close this window.`)
        : page(
            200,
            "Connected again",
            `${title} is connected again, and what waited goes on. You can close this window.`,
          );
    case "failed":
      return page(200, "Not connected", status.message);
    case "open":
    case "received":
    case "trying":
    case "replacing":
      return almostThere(title);
  }
}

const lookAgainSeconds = 2;

function almostThere(title: string): Reply {
  const text = `${title} said yes, and the connection is being tried. This page looks again by itself; you can also close it.`;
  return page(200, "Almost there", text, `<meta http-equiv="refresh" content="${lookAgainSeconds}">`);
}

function page(status: 200 | 400, heading: string, text: string, more = ""): Reply {
  const body = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${more}<title>${escaped(heading)}</title></head>
<body><main><h1>${escaped(heading)}</h1><p>${escaped(text)}</p></main></body>
</html>
`;
  return { status, page: body };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
