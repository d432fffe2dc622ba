import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles, type Violation } from "./source.ts";

interface Pattern {
  readonly what: string;
  readonly pattern: RegExp;
}

/** Strings that no file of the project may hold: the shapes in which vendors hand out live secrets. */
const everywhere: readonly Pattern[] = [
  { what: "a live Stripe key", pattern: /\b[srp]k_live_[A-Za-z0-9]{8,}/ },
  { what: "an AWS access key", pattern: /\b(AKIA|ASIA)(?![A-Z0-9]*EXAMPLE)[A-Z0-9]{16}\b/ },
  { what: "a private key", pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40,}/ },
  { what: "a GitHub token", pattern: /\bgh[pousr]_[A-Za-z0-9]{30,}/ },
  { what: "a Slack token", pattern: /\bxox[abpr]-[A-Za-z0-9-]{20,}/ },
  { what: "a Google API key", pattern: /\bAIza[A-Za-z0-9_-]{30,}/ },
  { what: "a Shopify token", pattern: /\bshp(at|ca|pa|ss)_[a-fA-F0-9]{30,}/ },
  { what: "an npm token", pattern: /\bnpm_[A-Za-z0-9]{30,}/ },
];

/** Recorded answers may hold neither a secret nor a person: record scrubs both. */
const inFixtures: readonly Pattern[] = [
  { what: "a test key", pattern: /\b[srp]k_test_[A-Za-z0-9]{16,}/ },
  { what: "a webhook secret", pattern: /\bwhsec_(?!\w*(test|fixture|example))[A-Za-z0-9+/=]{24,}/i },
  { what: "a bearer token", pattern: /\bBearer\s+[A-Za-z0-9._~+/-]{20,}/i },
  { what: "a signed token", pattern: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}/ },
  {
    what: "an e-mail address outside the example domains",
    pattern:
      /(?<![\w.+-])(?!test@)[\w.+-]+@(?!(?:[\w-]+\.)*(?:example\.(?:com|org|net)|[\w-]+\.(?:example|test|invalid))\b)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/i,
  },
];

/** Vendors' published examples: what they sign with is no secret, and stands as it was published. */
const published = new Set(["test/fixtures/signatures/vectors.json"]);

/** Looks for secrets in everything that is published, and for people's data in the fixtures. */
export function checkSecrets(root: string): Violation[] {
  const folders = ["bin", "lib", "lambdas", "test", "docs", "README.md", "CONTRIBUTING.md", "sluice.config.ts"];
  return folders
    .flatMap((folder) => listFiles(root, folder, new Set(["node_modules"])))
    .flatMap((path) => {
      const patterns =
        path.includes("/fixtures/") && !published.has(path) ? [...everywhere, ...inFixtures] : everywhere;
      const lines = readFileSync(join(root, path), "utf8").split("\n");
      return lines.flatMap((line, index) =>
        patterns
          .filter(({ pattern }) => pattern.test(line))
          .map(({ what }) => ({
            file: path,
            line: index + 1,
            rule: "secrets",
            message: `looks like ${what}; replace it by an invented one`,
          })),
      );
    });
}
