import type { MacScheme } from "../mac-scheme.ts";
import type { KeyedRequest } from "../verifier.ts";

/** What is verified: the request, and the scheme where it is data. */
export interface Trial {
  readonly mac: MacScheme | null;
  readonly request: KeyedRequest;
}

/** Something that is wrong with a request. */
export interface Finding {
  /** For programs: `body-reserialised`, `url-port`. */
  readonly cause: string;
  /** For people; no secret, no digest and nothing of the body stands in it. */
  readonly words: string;
}

/** One way in which a request may differ from what was signed. */
export interface Variation extends Finding {
  /** Null where it changes nothing or does not apply. */
  readonly apply: (trial: Trial) => Trial | null;
}

/** Another body in the request's place. */
export function bodyVariation(
  cause: string,
  words: string,
  change: (body: Uint8Array) => string | Uint8Array | null,
): Variation {
  return {
    cause,
    words,
    apply(trial) {
      const changed = change(trial.request.rawBody);
      if (changed === null) return null;
      const rawBody = typeof changed === "string" ? new TextEncoder().encode(changed) : changed;
      return same(rawBody, trial.request.rawBody) ? null : { ...trial, request: { ...trial.request, rawBody } };
    },
  };
}

/** Another URL in the request's place. */
export function urlVariation(cause: string, words: string, change: (url: string) => string | null): Variation {
  return {
    cause,
    words,
    apply(trial) {
      const url = change(trial.request.url);
      return url === null || url === trial.request.url ? null : { ...trial, request: { ...trial.request, url } };
    },
  };
}

/** The same secrets in another form: as text for any scheme, as bytes for those that are data. */
export function secretVariation(
  cause: string,
  words: string,
  change: (secret: string) => string | Uint8Array | null,
): Variation {
  return {
    cause,
    words,
    apply(trial) {
      const forms = trial.request.secrets.map(change).filter((form) => form !== null);
      if (forms.length === 0 || forms.some((form) => form.length === 0)) return null;
      const texts = forms.filter((form) => typeof form === "string");
      if (texts.length === forms.length) return { ...trial, request: { ...trial.request, secrets: texts } };
      const [key = null] = forms;
      return trial.mac === null ? null : { ...trial, mac: { ...trial.mac, keyOf: () => key } };
    },
  };
}

/** The scheme read otherwise, where it is data. */
export function schemeVariation(cause: string, words: string, change: (mac: MacScheme) => MacScheme | null): Variation {
  return {
    cause,
    words,
    apply(trial) {
      const mac = trial.mac === null ? null : change(trial.mac);
      return mac === null ? null : { ...trial, mac };
    },
  };
}

function same(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
