import { createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "./ports.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const randomLength = 18;
const macLength = 16;
const form = /^([a-z][a-z0-9-]{1,30})_[A-Za-z0-9]{18}-[A-Za-z0-9_-]{16}$/;

/**
 * A connection's id: it tells its partner, and carries a MAC, so that strangers' ids are refused before any look-up.
 *
 * @example makeConnectionId("stripe", secret.connectionKey, ports.random) // stripe_f3…-Qk…
 */
export function makeConnectionId(partner: string, connectionKey: string, random: Random): string {
  const letters = Array.from({ length: randomLength }, () =>
    alphabet.charAt(Math.floor(random.unit() * alphabet.length)),
  );
  const head = `${partner}_${letters.join("")}`;
  return `${head}-${macOf(head, connectionKey)}`;
}

/** Whether we made this id, for this partner, under this key; in constant time. */
export function checkConnectionId(connectionId: string, partner: string, connectionKey: string): boolean {
  if (partnerOfConnectionId(connectionId) !== partner) return false;
  const cut = connectionId.length - macLength;
  const expected = Buffer.from(macOf(connectionId.slice(0, cut - 1), connectionKey));
  return timingSafeEqual(Buffer.from(connectionId.slice(cut)), expected);
}

/** The partner that an id names; null when it has not the form of an id. Says nothing about whether the id is ours. */
export function partnerOfConnectionId(connectionId: string): string | null {
  return form.exec(connectionId)?.[1] ?? null;
}

function macOf(head: string, connectionKey: string): string {
  return createHmac("sha256", connectionKey).update(head).digest("base64url").slice(0, macLength);
}
