import { bytesOf } from "./raw-post.ts";

/** A request that no partner sends, and what may come of it: never a 5xx, and nothing on a lane. */
export interface Broken {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const raw = (name: string, ...lines: readonly string[]): Broken => ({
  name,
  bytes: Buffer.from(`${lines.join("\r\n")}\r\n\r\n{}`, "latin1"),
});
const start = "POST /webhooks/stripe HTTP/1.1";
const host = "host: hooks.example.com";
const close = "connection: close";
const plain = (name: string, path: string, headers: Readonly<Record<string, string>> = {}): Broken => ({
  name,
  bytes: bytesOf({ path, headers, body: Buffer.from("{}") }),
});
const routes = ["/webhooks/stripe", "/webhooks/booking", "/webhooks/booking/token", "/webhooks/plaid"];

/** By hand, as HTTP clients write none of these. */
export const brokenRequests: readonly Broken[] = [
  raw("a negative length", start, host, close, "content-length: -1"),
  raw("a length in words", start, host, close, "content-length: two"),
  raw("two lengths", start, host, close, "content-length: 2", "content-length: 20"),
  raw("a length and chunks", start, host, close, "content-length: 2", "transfer-encoding: chunked"),
  raw("a length beyond any number", start, host, close, `content-length: ${"9".repeat(40)}`),
  raw("chunks that are none", start, host, close, "transfer-encoding: chunked"),
  raw("a length too short", start, host, close, "content-length: 1"),
  raw("no length", start, host, close),
  raw("a header without a colon", start, host, close, "x-strange"),
  raw("a header with a zero", start, host, close, "content-length: 2", "x-strange: a\0b"),
  raw("a header's name with a space", start, host, close, "content-length: 2", "x strange: a"),
  raw("a header folded over two lines", start, host, close, "content-length: 2", "x-strange: a", " b"),
  raw("headers too large", start, host, close, "content-length: 2", `x-strange: ${"a".repeat(11_000)}`),
  raw(
    "a great many headers",
    start,
    host,
    close,
    "content-length: 2",
    ...Array.from({ length: 900 }, (_, i) => `a${i}: b`),
  ),
  raw("a name that is the prototype's", start, host, close, "content-length: 2", "__proto__: a", "constructor: b"),
  raw("no host", start, close, "content-length: 2"),
  raw(
    "two signatures",
    start,
    host,
    close,
    "content-length: 2",
    "stripe-signature: t=1,v1=a",
    "stripe-signature: t=2,v1=b",
  ),
  raw("another version of HTTP", "POST /webhooks/stripe HTTP/9.9", host, close, "content-length: 2"),
  raw("a method in lower case", "post /webhooks/stripe HTTP/1.1", host, close, "content-length: 2"),
  raw("a method of its own", "BREW /webhooks/stripe HTTP/1.1", host, close, "content-length: 2"),
  raw("a question without a body", "GET /webhooks/stripe HTTP/1.1", host, close),
  raw("nothing of HTTP", "hello"),
  ...routes.flatMap((route) => [
    plain(`no signature at ${route}`, route),
    plain(`a form at ${route}`, route, { "content-type": "application/x-www-form-urlencoded" }),
    plain(`a strange type at ${route}`, route, { "content-type": '"; charset=utf-99' }),
    plain(`an empty type at ${route}`, route, { "content-type": "" }),
    plain(`a strange encoding at ${route}`, route, { "content-encoding": "gzip" }),
    plain(`a bearer of nothing at ${route}`, route, { authorization: "Bearer" }),
    plain(`a strange Basic at ${route}`, route, { authorization: `Basic ${"=".repeat(50)}` }),
    plain(`cookies at ${route}`, route, { cookie: "a; b=;;=c" }),
    plain(`a query that is none at ${route}`, `${route}?%zz&=&&a=%ff`),
  ]),
  plain("nobody's partner", "/webhooks/nobody"),
  plain("no partner", "/webhooks/"),
  plain("a connection of ours that is none", "/webhooks/stripe/stripe_aaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb"),
  plain("a connection with an escape that is none", "/webhooks/stripe/%zz%ff"),
  plain("a connection with slashes", "/webhooks/stripe/a%2Fb%2F..%2F.."),
  plain("a connection of any length", `/webhooks/stripe/${"a".repeat(5_000)}`),
  plain("a connection with a zero", "/webhooks/stripe/%00"),
  plain("a token where none are given", "/webhooks/stripe/token"),
  plain("a path below a connection", "/webhooks/stripe/a/b"),
];
