import { diagnose } from "../../lib/engine/signatures/diagnosis/diagnose.ts";
import type { Diagnosis } from "../../lib/engine/signatures/diagnosis/diagnose.ts";
import { schemes } from "../../lib/engine/signatures/diagnosis/schemes.ts";
import { flag, textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { wordsOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import { table } from "./support/table.ts";
import { readSubject } from "./verify-signature-input.ts";
import { judgeFile } from "./verify-signature-vectors.ts";

export const verifySignatureCommand: Command = {
  name: "verify-signature",
  summary: "whether a webhook's signature holds, and why it does not",
  help: `Usage: npm run sluice -- verify-signature --scheme <name> --secret-file <file> --header <name: value>… [options]
       npm run sluice -- verify-signature --vectors <file>

Verifies one request with the verifier that a driver uses. When it does not hold, the usual mistakes are tried one by one and
in pairs, and those with which it does hold are named: a body that was parsed and written again, the wrong form of a secret, another
URL, hex for base64, a time too far off. Needs no stack and no network, and never prints a secret.

Options
  --scheme <name>          which scheme; --list shows them
  --secret-file <file>     the secret, one newline at its end forgiven; for Plaid and PayPal the key: a JWK, certificates in PEM
  --secret-stdin           the secret from standard input instead
  --key-file <file>        the partner's public key, where a scheme needs it beside a secret (google-pub-sub)
  --header <name: value>   a header of the request; as often as there are headers
  --body-file <file>       the raw body, byte for byte as it came (default: an empty body)
  --url <url>              the URL that the partner called, as it was registered
  --method <method>        default POST
  --at <time>              when it was received, as 2026-11-20T12:00:00Z or seconds since 1970 (default now)
  --token-header <name>    for token-equality: the header that holds the token
  --webhook-id <id>        for paypal-rsa: the webhook's id at PayPal
  --audience <name>        for own-token: the partner's name
  --vectors <file>         judge a file of cases instead: a line a case and a total; exit code 0 only if all are right
  --list                   the schemes, with the secret that each wants
  --json                   for programs: one JSON document

Examples
  npm run sluice -- verify-signature --vectors test/fixtures/signatures/vectors.json
  npm run sluice -- verify-signature --list
  printf 'It'"'"'s a Secret to Everybody' | npm run -s sluice -- verify-signature --scheme github-sha256 --secret-stdin \\
    --header 'X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' --body-file body.txt
`,
  options: {
    scheme: { type: "string" },
    "secret-file": { type: "string" },
    "secret-stdin": { type: "boolean" },
    "key-file": { type: "string" },
    header: { type: "string", multiple: true },
    "body-file": { type: "string" },
    url: { type: "string" },
    method: { type: "string" },
    at: { type: "string" },
    "token-header": { type: "string" },
    "webhook-id": { type: "string" },
    audience: { type: "string" },
    vectors: { type: "string" },
    list: { type: "boolean" },
    json: { type: "boolean" },
  },
  async run(values, positionals) {
    wordsOf(positionals, "verify-signature [options]", 0);
    if (flag(values, "list")) return showSchemes(values);
    const vectors = textOption(values, "vectors", "");
    if (vectors !== "") return judgeFile(values, vectors);
    const { entry, subject } = await readSubject(values, Date.now());
    const diagnosis = diagnose(entry, subject);
    print(values, { scheme: values["scheme"], ...diagnosis }, () => diagnosisText(entry.title, diagnosis));
    return diagnosis.verdict.ok ? 0 : 1;
  },
};

function showSchemes(values: Values): number {
  const rows = [...schemes].map(([name, { title, secret }]) => ({ name, title, secret }));
  print(values, rows, () =>
    table(
      ["scheme", "of", "the secret"],
      rows.map(({ name, title, secret }) => [name, title, secret]),
      "",
    ),
  );
  return 0;
}

function diagnosisText(title: string, { verdict, findings }: Diagnosis): string {
  if (verdict.ok) return `The signature holds (${title}).`;
  const together = findings.length > 1 && verdict.reason === "mismatch" ? " Both of these:" : "";
  return [
    `The signature does not hold (${title}): ${verdict.reason}.${together}`,
    ...findings.map(({ cause, words }) => `  ${cause}: ${words}`),
  ].join("\n");
}
