import { systemClock } from "../../../lib/aws/clock.ts";
import { createTransport } from "../../../lib/aws/transport.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { partners } from "../../../lib/partners/index.ts";
import { flag, textOption } from "../command.ts";
import type { Command, Values } from "../command.ts";
import { UsageError } from "../usage-error.ts";
import { readCassettes, staleReason, writeCassette } from "./cassette.ts";
import { readCredential } from "./credential.ts";
import { createRecordingWorld } from "./recording-ports.ts";
import { recordResource } from "./record-resource.ts";

export const recordCommand: Command = {
  name: "record",
  summary: "fetch a few real answers of a partner, scrub them, and keep them as cassettes for the tests",
  help: `Usage: npm run sluice -- record <partner> [options]
       npm run sluice -- record --stale

Asks for a page of each resource, for one thing of it and for one that is not there, as imports do; takes out secrets and
people's data, keeps a few things, and writes test/partners/<partner>/fixtures/cassettes/<resource>.json. Read what was
written before you commit it: no scrubber knows everybody's name.

Options
  --resource <name>                 only this resource; may be given several times
  --connection-credential-env <NAME>  the environment variable with the credential: its JSON, or an API key or access token as it is
  --credential <json>               the credential itself, which others on this machine may then see
  --limit <count>                   things kept of a page (default 3)
  --url <https url>                 another base URL of the partner's, such as its test system
  --sandbox-url <http url>          a sandbox on this machine in the partner's place
  --stale                           list the cassettes that are older than 180 days or of another API version; exit 1 if any

Examples
  STRIPE_KEY=… npm run sluice -- record stripe --resource charges --connection-credential-env STRIPE_KEY
  npm run sluice -- record --stale
`,
  options: {
    resource: { type: "string", multiple: true },
    "connection-credential-env": { type: "string" },
    credential: { type: "string" },
    limit: { type: "string" },
    url: { type: "string" },
    "sandbox-url": { type: "string" },
    stale: { type: "boolean" },
  },
  run,
};

async function run(values: Values, positionals: readonly string[]): Promise<number> {
  if (flag(values, "stale")) return listStale(positionals);
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0)
    throw new UsageError("Usage: npm run sluice -- record <partner> [options]");
  const driver = withUrl(findDriver(name), textOption(values, "url", ""));
  const credential = readCredential(driver, values, process.env);
  const itemsMax = countOf(textOption(values, "limit", "3"));
  const sandbox = sandboxOf(driver, textOption(values, "sandbox-url", ""));
  const world = createRecordingWorld(createTransport(sandbox), credential);
  const from = sandbox.size > 0 ? "sandbox" : "partner";
  return record(resourcesOf(driver, values), (resource) =>
    recordResource({ driver, resource, world, credential, itemsMax, from }),
  );
}

/** One resource that does not come keeps no other from being recorded. */
async function record(
  resources: readonly string[],
  take: (resource: string) => ReturnType<typeof recordResource>,
): Promise<number> {
  let code = 0;
  for (const resource of resources) {
    try {
      const cassette = await take(resource);
      const said = cassette.exchanges.map(({ kind, answer }) => `${kind} ${answer.status}`).join(", ");
      process.stdout.write(`${resource}: ${said} → ${writeCassette(process.cwd(), cassette)}\n`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`${resource}: nothing recorded. ${message}\n`);
      code = 1;
    }
  }
  return code;
}

function listStale(names: readonly string[]): number {
  const chosen: readonly PartnerDriver[] = names.length === 0 ? partners : names.map(findDriver);
  const stale = chosen.flatMap((driver) =>
    readCassettes(process.cwd(), driver.name).flatMap(({ path, cassette }) => {
      const reason = staleReason(cassette, driver, systemClock.nowMs());
      return reason === null ? [] : [`${path}: ${reason}; record it again\n`];
    }),
  );
  process.stdout.write(stale.length === 0 ? "No cassette is stale.\n" : stale.join(""));
  return stale.length === 0 ? 0 : 1;
}

function findDriver(name: string): PartnerDriver {
  const all: readonly PartnerDriver[] = partners;
  const driver = all.find((partner) => partner.name === name);
  if (driver !== undefined) return driver;
  throw new UsageError(`There is no partner "${name}"; there are ${all.map((partner) => partner.name).join(", ")}.`);
}

function withUrl(driver: PartnerDriver, url: string): PartnerDriver {
  if (url === "") return driver;
  if (!URL.canParse(url) || new URL(url).protocol !== "https:")
    throw new UsageError(`--url ${url}: an https URL, in the place of ${driver.baseUrl}.`);
  return { ...driver, baseUrl: url.replace(/\/+$/, "") };
}

function sandboxOf(driver: PartnerDriver, url: string): ReadonlyMap<string, string> {
  if (url === "") return new Map();
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (
    parsed === null ||
    parsed.protocol !== "http:" ||
    !/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(parsed.hostname)
  )
    throw new UsageError(`--sandbox-url ${url}: an http URL on this machine, such as http://127.0.0.1:9000.`);
  return new Map([new URL(driver.baseUrl).host, ...(driver.hosts ?? [])].map((host) => [host, url]));
}

function resourcesOf(driver: PartnerDriver, values: Values): readonly string[] {
  const known = Object.keys(driver.resources);
  const asked = values["resource"];
  const names = Array.isArray(asked) ? asked.map(String) : known;
  const strange = names.find((name) => !known.includes(name));
  if (strange === undefined) return names;
  throw new UsageError(`--resource ${strange}: ${driver.title} has ${known.join(", ")}.`);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 20) return count;
  throw new UsageError(`--limit ${text}: from 1 to 20.`);
}
