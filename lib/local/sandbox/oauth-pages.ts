import type { Reply } from "./definition.ts";

/** What a person is asked: who wants what of which of their accounts. */
export interface Consent {
  readonly title: string;
  readonly clientId: string;
  readonly action: string;
  readonly accounts: readonly { readonly id: string; readonly name: string }[];
  readonly scopes: readonly string[];
  /** The request as it came, to be judged again with the answer. */
  readonly request: Readonly<Record<string, string>>;
}

export function consentPage({ title, clientId, action, accounts, scopes, request }: Consent): Reply {
  const hidden = Object.entries(request).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  );
  const choices = accounts.map(
    ({ id, name }, index) =>
      `<label><input type="radio" name="account" value="${escaped(id)}"${index === 0 ? " checked" : ""}> ${escaped(name)} <small>${escaped(id)}</small></label>`,
  );
  const words = scopes.map((scope) => `<li><code>${escaped(scope)}</code></li>`);
  return page(
    200,
    `${title} (sandbox)`,
    `<p>The app <strong>${escaped(clientId)}</strong> asks to be connected to one of your companies.</p>
<form method="post" action="${escaped(action)}">
${hidden.join("\n")}
<fieldset><legend>Company</legend>
${choices.join("<br>\n")}
</fieldset>
<p>It may then:</p>
<ul>
${words.join("\n")}
</ul>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button>
</form>`,
  );
}

/** Who asks cannot be trusted to be sent the browser back: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1 */
export function refusalPage(title: string, why: string): Reply {
  return page(400, `${title} (sandbox)`, `<p>This request is refused: ${escaped(why)}.</p>`);
}

function page(status: number, heading: string, body: string): Reply {
  return {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
    },
    body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(heading)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}fieldset{border:1px solid #bbb}button{font:inherit;padding:.4rem 1.2rem}</style></head>
<body><main><h1>${escaped(heading)}</h1>
${body}
</main></body>
</html>
`,
  };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
