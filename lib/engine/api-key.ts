import { createHash, timingSafeEqual } from "node:crypto";
import type { Page, PageRequest, Random } from "./ports.ts";

/** Each may do what the ones before it may. */
export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/** A key of the API, without the key: what is stored opens nothing. */
export interface ApiKey {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly role: Role;
  /** null: every tenant's things; else this one's alone. */
  readonly tenantId: string | null;
  /** SHA-256 of the key. */
  readonly digest: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
  /** Kept to the hour. */
  readonly lastUsedAtMs: number | null;
}

export interface ApiKeys {
  create(key: ApiKey): Promise<"created" | "exists">;
  /** May be up to `keyCacheMs` old. */
  find(id: string): Promise<ApiKey | null>;
  list(page: PageRequest): Promise<Page<ApiKey>>;
  /** The key as it is from now on, or null where there is none; one that was revoked before stays as it was. */
  revoke(id: string, atMs: number): Promise<ApiKey | null>;
  /** Nothing of it is left, not even that it was revoked. */
  remove(id: string): Promise<void>;
  /** One conditional write: nothing happens where a use was noted within the hour before. */
  noteUse(id: string, atMs: number): Promise<void>;
}

/** So long a changed or revoked key may still be taken for what it was. */
export const keyCacheMs = 60_000;
/** Uses are noted this far apart: a write a call would cost more than the call. */
export const useNotedEveryMs = 3_600_000;

const prefix = "sluice_";
const keyPattern = /^sluice_[A-Za-z0-9_-]{40,130}$/;

/**
 * A new key and its id. Three random ids make at least 256 bits, so its plain SHA-256 is enough to keep: slow hashes are
 * for what people choose and others can guess. The id is derived from the key, so that a key leads to its item.
 */
export function makeApiKey(random: Random): { readonly key: string; readonly id: string; readonly digest: string } {
  const key = prefix + random.id() + random.id() + random.id();
  return { key, id: apiKeyIdOf(key), digest: digestOf(key) };
}

/** The id of a key that was presented, or null where it has not the form of one. */
export function apiKeyIdIn(presented: string): string | null {
  return keyPattern.test(presented) ? apiKeyIdOf(presented) : null;
}

export function standingOf(key: ApiKey, nowMs: number): "active" | "expired" | "revoked" {
  if (key.revokedAtMs !== null) return "revoked";
  return key.expiresAtMs <= nowMs ? "expired" : "active";
}

const noticeMsMax = 14 * 86_400_000;

/** Whether a key that is good ends within two weeks, or within the last quarter of a shorter life. */
export function expiresSoon(key: ApiKey, nowMs: number): boolean {
  const noticeMs = Math.min(noticeMsMax, (key.expiresAtMs - key.createdAtMs) / 4);
  return standingOf(key, nowMs) === "active" && nowMs >= key.expiresAtMs - noticeMs;
}

/** Whether a presented key is the one of this digest, in time that does not depend on where they differ. */
export function hasDigest(presented: string, digest: string): boolean {
  const expected = Buffer.from(digest, "hex");
  return expected.length === 32 && timingSafeEqual(sha256(presented), expected);
}

/**
 * Whether a presented key is the expected one. Digests are compared, which are of one length whatever was presented, in
 * time that does not depend on where they differ. An expected key that is empty fits nothing.
 */
export function isApiKey(presented: string, expected: string): boolean {
  return timingSafeEqual(sha256(presented), sha256(expected)) && expected !== "";
}

/** Whether a role is enough where another is asked for. */
export function mayActAs(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

function apiKeyIdOf(key: string): string {
  return `key_${createHash("sha256").update(`id:${key}`).digest("hex").slice(0, 16)}`;
}

function digestOf(key: string): string {
  return sha256(key).toString("hex");
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
