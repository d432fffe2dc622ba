import { urlVariation } from "./variation.ts";
import type { Variation } from "./variation.ts";

const publicUrl =
  "verify against the URL that the partner was given, rebuilt from X-Forwarded-Proto and X-Forwarded-Host behind a proxy";

/** How the URL that a function sees differs from the one that was signed. */
export const urlVariations: readonly Variation[] = [
  urlVariation("url-scheme", `The partner signed https and the function saw http: ${publicUrl}.`, (url) =>
    url.replace(/^http:/i, "https:"),
  ),
  urlVariation("url-scheme", `The partner signed http and the function saw https: ${publicUrl}.`, (url) =>
    url.replace(/^https:/i, "http:"),
  ),
  urlVariation("url-port", `The partner signed the URL without a port: ${publicUrl}.`, (url) =>
    url.replace(/^(https?:\/\/(?:[^/?#@]*@)?[^/?#@:]+):\d+/i, "$1"),
  ),
  urlVariation("url-port", "The partner signed the URL with its port, :443 or :80.", withPort),
  urlVariation("url-trailing-slash", "The registered URL has no slash at its end, and the one here has.", (url) =>
    url.replace(/\/(?=$|\?)/, ""),
  ),
  urlVariation("url-trailing-slash", "The registered URL has a slash at its end, and the one here has none.", (url) =>
    /^[^?]*\/(?:$|\?)/.test(url) ? null : url.replace(/(?=\?)|$/, "/"),
  ),
  urlVariation("url-query", "The partner signed the URL without its query.", (url) => url.replace(/\?.*$/s, "")),
  urlVariation(
    "url-query-order",
    "The query's parameters were sorted when it was signed, and came in another order.",
    (url) => withQuery(url, (query) => query.split("&").toSorted().join("&")),
  ),
  urlVariation("url-query-order", "The query's parameters were in the opposite order when it was signed.", (url) =>
    withQuery(url, (query) => query.split("&").toReversed().join("&")),
  ),
  urlVariation("url-encoding", "The partner signed the URL with its escapes decoded.", decodedWhole),
  urlVariation("url-encoding", "The query was decoded on its way here, and was signed with its escapes.", (url) =>
    withQuery(url, (query) => new URLSearchParams(query).toString()),
  ),
  urlVariation("url-encoding", "The query's spaces were %20 when it was signed, and came as +.", (url) =>
    withQuery(url, (query) => query.replaceAll("+", "%20")),
  ),
  urlVariation("url-encoding", "The query's spaces were + when it was signed, and came as %20.", (url) =>
    withQuery(url, (query) => query.replaceAll("%20", "+")),
  ),
  urlVariation("url-host", "The host's letters were lower-case when it was signed.", (url) =>
    url.replace(/^https?:\/\/[^/?#]+/i, (origin) => origin.toLowerCase()),
  ),
  urlVariation("url-path-only", "The partner signed the path alone, without scheme and host.", (url) =>
    url.replace(/^https?:\/\/[^/?#]+/i, ""),
  ),
  urlVariation("url-fragment", "The URL here has a fragment, which no partner sends.", (url) =>
    url.replace(/#.*$/s, ""),
  ),
];

function withPort(url: string): string | null {
  const [, origin, scheme] = /^((https?):\/\/[^/?#:@]+)(?=[/?#]|$)/i.exec(url) ?? [];
  if (origin === undefined || scheme === undefined) return null;
  return `${origin}:${scheme.toLowerCase() === "https" ? 443 : 80}${url.slice(origin.length)}`;
}

function withQuery(url: string, change: (query: string) => string): string | null {
  const start = url.indexOf("?");
  return start === -1 ? null : `${url.slice(0, start)}?${change(url.slice(start + 1))}`;
}

function decodedWhole(url: string): string | null {
  try {
    return decodeURIComponent(url);
  } catch {
    return null;
  }
}
