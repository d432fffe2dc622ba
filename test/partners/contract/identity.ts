import * as fc from "fast-check";
import type { AuthorizationCode, PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { urlFor } from "../../../lib/engine/request-url.ts";
import { anyJson, falsified } from "./subject.ts";
import type { Check } from "./subject.ts";

/** Names that stacks, queues and paths are made of, and URLs that calls go to. */
export const checkIdentity: Check = ({ driver, fixtures }) => [
  ...unless(
    /^[a-z][a-z0-9-]{1,30}$/.test(driver.name),
    `the name "${driver.name}" is not lower-case letters, digits and dashes`,
  ),
  ...unless(driver.title.trim() === driver.title && driver.title.length > 0, "the title is empty or padded"),
  ...unless(isPlainHttps(driver.docs), `docs "${driver.docs}" is no https URL`),
  ...unless(
    isPlainHttps(driver.baseUrl) && !driver.baseUrl.endsWith("/"),
    `baseUrl "${driver.baseUrl}" is not https, or ends with a slash`,
  ),
  ...(driver.hosts ?? []).flatMap((host) =>
    unless(/^[a-z0-9.-]+(:\d+)?$/.test(host), `host "${host}" is no bare host name`),
  ),
  ...Object.entries(driver.headers ?? {}).flatMap(([name, value]) => headerProblems(name, value)),
  ...resourcePaths(driver),
  ...differences(Object.keys(driver.resources), Object.keys(fixtures.resources)),
];

/** Credentials are taken whole and nothing else is, so that a wrong one is told when it is stored and not when it is used. */
export const checkCredentials: Check = ({ driver, fixtures }) => {
  const { auth } = driver;
  const { credential } = auth;
  // What signs: a field of the credential, or the secret that buys a token, or what a person's yes bought.
  const field =
    auth.kind === "header" ? auth.field : auth.kind === "client-credentials" ? "clientSecret" : "refreshToken";
  const { accepted, refused } = fixtures.credentials;
  return [
    ...(auth.kind === "header" ? headerProblems(auth.header, auth.prefix) : tokenUrlProblems(driver, auth.tokenUrl)),
    ...(auth.kind === "authorization-code" ? authorisationProblems(driver, auth) : []),
    ...unless(accepted.length > 0, "there is no accepted credential among the fixtures"),
    ...accepted.flatMap(({ fields }) =>
      unless(credential.safeParse(fields).success, "an accepted credential is refused"),
    ),
    ...accepted.flatMap(({ fields }) =>
      unless((fields[field] ?? "").length > 0, `an accepted credential lacks "${field}", which signs`),
    ),
    ...accepted.flatMap(({ fields }) =>
      unless(!credential.safeParse({ ...fields, more: "x" }).success, "a credential may hold unknown fields"),
    ),
    ...accepted.flatMap(({ fields }) =>
      unless(
        auth.kind !== "header" || !credential.safeParse({ ...fields, [field]: "a\r\nb: c" }).success,
        "a credential may break a header",
      ),
    ),
    ...[...refused, null, {}, { [field]: "" }, { [field]: 1 }].flatMap((fields) =>
      unless(
        !credential.safeParse(fields).success,
        `a credential is accepted that should not be: ${JSON.stringify(fields)}`,
      ),
    ),
  ];
};

function tokenUrlProblems(driver: PartnerDriver, tokenUrl: string): string[] {
  const request = { method: "POST", path: tokenUrl, query: {}, endpoint: "" } as const;
  return unless(
    isPlainHttps(tokenUrl) && urlFor(driver, request) !== null,
    `tokenUrl "${tokenUrl}" is no https URL of the partner's hosts`,
  );
}

/** RFC 6749, 3.1: the endpoint has no fragment, and may have a query of its own, which is kept. */
function authorisationProblems(driver: PartnerDriver, auth: AuthorizationCode): string[] {
  const { authorizeUrl, revokeUrl, scopes, parameters } = auth;
  const ours = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
  ];
  const taken = [...Object.keys(parameters), ...queryNamesOf(authorizeUrl)].filter((name) => ours.includes(name));
  return [
    ...unless(isPlainHttps(authorizeUrl.replace(/\?[^#]*$/, "")), `authorizeUrl "${authorizeUrl}" is no https URL`),
    ...(revokeUrl === undefined ? [] : tokenUrlProblems(driver, revokeUrl)),
    ...unless(taken.length === 0, `${taken.join(", ")} is the flow's own, and no parameter of the driver's`),
    ...scopes.flatMap((scope) => unless(/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope), `"${scope}" is no single scope`)),
    ...unless(new Set(scopes).size === scopes.length, "a scope is asked for twice"),
    ...falsified(
      "the account is a text or null, whatever the partner answers",
      fc.property(anyTexts, fc.dictionary(fc.string(), anyJson), anyJson, (callback, token, probe) => {
        const account = auth.account({ callback, token, probe });
        return account === null || typeof account === "string";
      }),
    ),
  ];
}

const anyTexts = fc.dictionary(fc.string(), fc.string());

function queryNamesOf(url: string): readonly string[] {
  return URL.canParse(url) ? [...new URL(url).searchParams.keys()] : [];
}

export function unless(holds: boolean, problem: string): string[] {
  return holds ? [] : [problem];
}

function isPlainHttps(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    url.protocol === "https:" && url.username === "" && url.password === "" && url.search === "" && url.hash === ""
  );
}

function headerProblems(name: string, value: string): string[] {
  return [
    ...unless(/^[A-Za-z0-9-]+$/.test(name), `"${name}" is no header's name`),
    ...unless(/^[\x20-\x7e]*$/.test(value), `header ${name} has a value that cannot be sent`),
  ];
}

const id = "a b/c?d";

function resourcePaths(driver: PartnerDriver): string[] {
  return Object.entries(driver.resources).flatMap(([name, resource]) => {
    const encoded = encodeURIComponent(id);
    const one = resource.onePath(encoded);
    const request = { method: "GET", path: one, query: {}, endpoint: "" } as const;
    return [
      ...unless(/^[a-z][A-Za-z0-9]{0,30}$/.test(name), `resource "${name}" is not camelCase`),
      ...unless(
        /^\/[^?#\s]*$/.test(resource.path),
        `${name}: path "${resource.path}" does not begin with a slash, or holds a query`,
      ),
      ...unless(
        one.startsWith("/") && one.includes(encoded),
        `${name}: onePath does not hold the encoded id as it was given`,
      ),
      ...unless(urlFor(driver, request) !== null, `${name}: onePath leads to no URL of the partner`),
      ...unless(
        resource.everyMs >= 60_000 && resource.everyMs <= 86_400_000,
        `${name}: everyMs is not between a minute and a day`,
      ),
      ...unless(resource.fullEveryMs >= resource.everyMs, `${name}: full passes are more frequent than increments`),
    ];
  });
}

function differences(declared: readonly string[], withFixtures: readonly string[]): string[] {
  return [
    ...declared.filter((name) => !withFixtures.includes(name)).map((name) => `resource ${name} has no fixtures`),
    ...withFixtures
      .filter((name) => !declared.includes(name))
      .map((name) => `there are fixtures of ${name}, which is no resource`),
  ];
}
