import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Clock, Ports, Transport } from "../../engine/ports.ts";
import { urlFor } from "../../engine/request-url.ts";
import { KeyCache, verifyWithKeys } from "../../engine/signatures/key-cache.ts";
import type { KeySource } from "../../engine/signatures/key-cache.ts";
import type { PublishedKeys } from "../../engine/signatures/published-keys.ts";
import type { VerifyPublished } from "./verify-request.ts";

export interface KeyPorts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly partnerSecrets: Pick<Ports["partnerSecrets"], "read">;
}

/** The partner waits for our answer meanwhile, and gives up after 5 s at the least patient. */
const timeoutMs = 3_000;
const answerBytesMax = 64 * 1024;

/** The keys could not be had: whether the signature holds is unknown. The message names neither the call's body nor its secrets. */
export class KeysUnavailable extends Error {
  constructor(driver: PartnerDriver, what: string) {
    super(`${driver.title}'s published keys could not be read: ${what}`);
    this.name = "KeysUnavailable";
  }
}

/**
 * Verifies what partners signed under keys that they publish. Keys are kept between calls, one cache a partner. They are
 * fetched past the gate, which the webhook function has no part in: the cache's bound is 24 calls a minute and function.
 */
export function createPublishedVerifier(ports: KeyPorts): VerifyPublished {
  const caches = new Map<string, KeyCache>();
  return (driver, scheme, request) => {
    const keys =
      caches.get(driver.name) ?? new KeyCache({ source: sourceOf(ports, driver, scheme.keys), clock: ports.clock });
    caches.set(driver.name, keys);
    return verifyWithKeys(scheme.verify, request, keys);
  };
}

function sourceOf(ports: KeyPorts, driver: PartnerDriver, keys: PublishedKeys): KeySource {
  return async (id) => {
    const secret = await ports.partnerSecrets.read(driver.name);
    const asked = keys.request(id, secret?.app ?? {});
    const url = urlFor(driver, asked);
    if (url === null)
      throw new KeysUnavailable(
        driver,
        `${asked.endpoint} is on a host that the driver does not allow; add it to its \`hosts\``,
      );
    const { method, body } = asked;
    const answer = await ports.transport.send({
      method,
      url,
      headers: { accept: "*/*", ...(body !== undefined && { "content-type": "application/json" }) },
      body: body === undefined ? null : JSON.stringify(body),
      timeoutMs,
      bytesMax: answerBytesMax,
    });
    if (answer.kind === "lost") throw new KeysUnavailable(driver, `${asked.endpoint}: ${answer.detail}`);
    const reading = keys.read(answer, id);
    if (reading.kind === "unreadable") throw new KeysUnavailable(driver, `${asked.endpoint} answered ${answer.status}`);
    return reading.keys;
  };
}
