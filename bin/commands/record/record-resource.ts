import type { PartnerDriver, PartnerRequest, ResourceDriver } from "../../../lib/engine/define-partner.ts";
import { pageRequest } from "../../../lib/engine/page-request.ts";
import type { PartnerError } from "../../../lib/engine/errors.ts";
import { parseJson } from "../../../lib/engine/parse-json.ts";
import type { Connection, CredentialFields } from "../../../lib/engine/ports.ts";
import { urlFor } from "../../../lib/engine/request-url.ts";
import { callPartner } from "../../../lib/flows/call-partner.ts";
import { apiVersionOf } from "./cassette.ts";
import type { Cassette, Exchange } from "./cassette.ts";
import type { Recorded, RecordingWorld } from "./recording-ports.ts";
import { scrub, scrubText } from "./scrub.ts";
import type { ScrubOptions } from "./scrub.ts";
import { StandIns } from "./stand-ins.ts";

export interface RecordRequest {
  readonly driver: PartnerDriver;
  readonly resource: string;
  readonly world: RecordingWorld;
  readonly credential: CredentialFields;
  /** Things kept of a page. */
  readonly itemsMax: number;
  readonly from: Cassette["from"];
}

/**
 * Asks a partner for one page of a resource, one thing of it and one that is not there, by the same road as every other
 * call, and keeps the answers without secrets, people's data and more than a few things.
 *
 * @throws PartnerError when the page or the thing does not come.
 */
export async function recordResource(request: RecordRequest): Promise<Cassette> {
  const { driver, resource, credential } = request;
  const definition = driver.resources[resource];
  if (definition === undefined) throw new Error(`${driver.title} has no resource ${resource}.`);
  const recorder = new Recorder(request);
  const first = pageRequest(definition.path, definition.query ?? {}, definition.page.request(null));
  const body = await recorder.take("page", null, first);
  const id = firstIdOf(definition, body);
  if (id !== null) await recorder.take("one", id, oneRequest(definition, id));
  await recorder.take("missing", strangeId(id), oneRequest(definition, strangeId(id)));
  const options: ScrubOptions = {
    standIns: new StandIns(),
    secrets: [...Object.values(credential), ...recorder.tokens()],
    hosts: [new URL(driver.baseUrl).host, ...(driver.hosts ?? [])],
  };
  return {
    partner: driver.name,
    resource,
    recordedAt: new Date(recorder.beganMs).toISOString(),
    apiVersion: apiVersionOf(driver),
    from: request.from,
    exchanges: recorder.kept.map((kept) => exchangeOf(driver, definition, kept, options, request.itemsMax)),
  };
}

interface Kept extends Recorded {
  readonly kind: Exchange["kind"];
  readonly externalId: string | null;
}

const waitsMax = 5;
const waitMsMax = 60_000;

class Recorder {
  readonly kept: Kept[] = [];
  readonly beganMs: number;
  readonly #request: RecordRequest;

  constructor(request: RecordRequest) {
    this.#request = request;
    this.beganMs = request.world.ports.clock.nowMs();
  }

  /** The answer's body; null of a thing that is rightly not there. */
  async take(kind: Exchange["kind"], externalId: string | null, request: PartnerRequest): Promise<unknown> {
    const { driver, world } = this.#request;
    const { ports, recorded } = world;
    for (let waits = 0; ; waits++) {
      const deadlineMs = ports.clock.nowMs() + waitMsMax;
      const result = await callPartner(ports, {
        driver,
        connection: connectionOf(driver),
        request,
        lane: "imports",
        deadlineMs,
      });
      if (result.kind === "wait") {
        const delayMs = result.untilMs - ports.clock.nowMs();
        if (waits === waitsMax || delayMs > waitMsMax)
          throw new Error(
            `${driver.title} lets nobody in before ${new Date(result.untilMs).toISOString()} (${result.reason}); try again then.`,
          );
        await ports.clock.sleep(Math.max(0, delayMs));
        continue;
      }
      const last = recorded.at(-1);
      const expected = result.kind === "ok" || (kind === "missing" && isRefusalOfThing(result.error));
      if (!expected || last === undefined) throw result.kind === "ok" ? new Error("no call was made") : result.error;
      this.kept.push({ ...last, kind, externalId });
      return result.kind === "ok" ? result.body : null;
    }
  }

  /** Access tokens that were bought on the way. */
  tokens(): readonly string[] {
    const headers = this.#request.world.recorded.flatMap(({ request }) => Object.values(request.headers));
    return headers.flatMap((value) => /^Bearer (\S+)$/.exec(value)?.[1] ?? []);
  }
}

/** "Not there", or "not yours": the page before showed that the credential is good. Anything else is worth no cassette. */
function isRefusalOfThing(error: PartnerError): boolean {
  return error.kind === "client" || error.kind === "auth";
}

function oneRequest(resource: ResourceDriver, id: string): PartnerRequest {
  return {
    method: "GET",
    path: resource.onePath(encodeURIComponent(id)),
    query: resource.oneQuery ?? {},
    endpoint: `GET ${resource.onePath("{id}")}`,
  };
}

function firstIdOf(resource: ResourceDriver, body: unknown): string | null {
  for (const item of resource.page.read(body, null).items) {
    const parsed = resource.schema.safeParse(item);
    if (parsed.success) return resource.id(parsed.data);
  }
  return null;
}

/** An id of the same form that nothing has: letters and digits are noughts, but for a prefix such as `ch_`. */
function strangeId(id: string | null): string {
  if (id === null) return "0";
  const [prefix = ""] = /^[a-z]+_/i.exec(id) ?? [];
  return prefix + id.slice(prefix.length).replaceAll(/[A-Za-z0-9]/g, "0");
}

function connectionOf(driver: PartnerDriver): Connection {
  return {
    partner: driver.name,
    connectionId: `${driver.name}_recording`,
    tenantId: "recording",
    name: "Recording",
    account: null,
    settings: {},
    status: "active",
    sealedWebhookSecret: null,
    revision: 1,
    createdAtMs: 0,
    updatedAtMs: 0,
  };
}

/** Headers that a driver may decide by. */
const neededHeader = /^(?:content-type|retry-after|link)$|rate-?limit|should-retry|version/;

function exchangeOf(
  driver: PartnerDriver,
  resource: ResourceDriver,
  { kind, externalId, request, answer }: Kept,
  options: ScrubOptions,
  itemsMax: number,
): Exchange {
  const url = new URL(request.url);
  const texts = (pairs: Iterable<readonly [string, string]>) =>
    Object.fromEntries([...pairs].map(([name, value]) => [name, scrubText(value, options)]));
  if (answer.kind === "lost") throw new Error(`${driver.title} did not answer: ${answer.reason}.`);
  const parsed = parseJson(answer.body);
  const body = parsed.kind === "json" ? parsed.body : parsed.kind === "unreadable" ? parsed.text : null;
  const trimmed = kind === "page" ? trimPage(resource, body, itemsMax) : body;
  const id = externalId === null ? null : scrubText(externalId, options);
  const path = id === null ? request.url : (urlFor(driver, oneRequest(resource, id)) ?? request.url);
  return {
    kind,
    externalId: id,
    request: {
      method: request.method,
      path: new URL(path).pathname,
      query: texts(url.searchParams),
      headers: texts(Object.entries(driver.headers ?? {})),
    },
    answer: {
      status: answer.status,
      headers: texts(Object.entries(answer.headers).filter(([name]) => neededHeader.test(name))),
      body: scrub(trimmed, options),
    },
  };
}

/** The page with its first few things only: its list is the one that the driver reads. */
function trimPage(resource: ResourceDriver, body: unknown, itemsMax: number): unknown {
  const { items } = resource.page.read(body, null);
  const trim = (value: unknown): unknown => {
    if (value === items) return items.slice(0, itemsMax);
    if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, trim(member)]));
  };
  return trim(body);
}
