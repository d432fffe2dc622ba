import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { dashed } from "../new-partner/names.ts";

const Headers = z.record(z.string(), z.string());

/** One call and what came of it, without secrets and people's data. */
export const Exchange = z.strictObject({
  /** A list's first page, one thing, or a thing that is not there. */
  kind: z.enum(["page", "one", "missing"]),
  /** Which thing was asked for; null of a page. */
  externalId: z.string().nullable(),
  request: z.strictObject({ method: z.string(), path: z.string(), query: Headers, headers: Headers }),
  answer: z.strictObject({ status: z.int(), headers: Headers, body: z.unknown() }),
});
export type Exchange = z.infer<typeof Exchange>;

/** What a partner answered when one of its resources was asked for. */
export const Cassette = z.strictObject({
  partner: z.string(),
  resource: z.string(),
  recordedAt: z.iso.datetime({ precision: 3 }),
  /** Of the API, as the driver pinned it then. */
  apiVersion: z.string(),
  /** `sandbox`: a stand-in on the recorder's own machine answered, which proves nothing of the partner. */
  from: z.enum(["partner", "sandbox"]),
  exchanges: z.array(Exchange).min(1),
});
export type Cassette = z.infer<typeof Cassette>;

/** The version that a driver asks for: its header's, else what its base URL ends in. */
export function apiVersionOf(driver: Pick<PartnerDriver, "headers" | "baseUrl">): string {
  const pinned = Object.entries(driver.headers ?? {}).find(([name]) => /version$/i.test(name));
  return pinned?.[1] ?? new URL(driver.baseUrl).pathname;
}

const ageMsMax = 180 * 86_400_000;

/** Why a cassette should be recorded again, in words; null while it is good. */
export function staleReason(
  cassette: Cassette,
  driver: Pick<PartnerDriver, "headers" | "baseUrl">,
  nowMs: number,
): string | null {
  const version = apiVersionOf(driver);
  if (cassette.apiVersion !== version)
    return `it is of API version ${cassette.apiVersion}, the driver asks for ${version}`;
  const ageMs = nowMs - Date.parse(cassette.recordedAt);
  return ageMs > ageMsMax ? `it was recorded ${Math.floor(ageMs / 86_400_000)} days ago` : null;
}

export interface CassetteFile {
  /** Below the project's root. */
  readonly path: string;
  readonly cassette: Cassette;
}

export function cassettePath(partner: string, resource: string): string {
  return `${folderOf(partner)}/${dashed(resource)}.json`;
}

/** A partner's cassettes, none where it has no folder of them. @throws Error that names a file which is no cassette. */
export function readCassettes(root: string, partner: string): readonly CassetteFile[] {
  const folder = folderOf(partner);
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".json"))
    .toSorted()
    .map((name) => readCassette(root, `${folder}/${name}`));
}

/** @returns the path, below the root. */
export function writeCassette(root: string, cassette: Cassette): string {
  const path = cassettePath(cassette.partner, cassette.resource);
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `${JSON.stringify(cassette, null, 2)}\n`);
  return path;
}

function readCassette(root: string, path: string): CassetteFile {
  const parsed = Cassette.safeParse(JSON.parse(readFileSync(join(root, path), "utf8")));
  if (!parsed.success) throw new Error(`${path} is no cassette: ${z.prettifyError(parsed.error)}. Record it again.`);
  return { path, cassette: parsed.data };
}

function folderOf(partner: string): string {
  return `test/partners/${partner}/fixtures/cassettes`;
}
