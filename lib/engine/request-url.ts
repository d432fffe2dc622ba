import type { PartnerDriver, PartnerRequest } from "./define-partner.ts";

/** Where a partner has its accounts in its paths, this stands in the driver's `baseUrl`. */
export const accountPlace = "{account}";

/**
 * The absolute URL of a request, or null when its host is not the partner's: a next link is data from outside, and so is
 * an account's id, which must not lead to another path.
 */
export function urlFor(driver: PartnerDriver, request: PartnerRequest, account: string | null = null): string | null {
  const base = new URL(driver.baseUrl);
  const absolute = /^https?:\/\//i.test(request.path);
  if (account !== null && /^\.{0,2}$/.test(account)) return null;
  const own = account === null ? driver.baseUrl : driver.baseUrl.replace(accountPlace, encodeURIComponent(account));
  const text = absolute ? request.path : own + request.path;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const hosts = [base.host, ...(driver.hosts ?? [])];
  if (url.protocol !== "https:" || !hosts.includes(url.host) || url.username !== "" || url.password !== "") return null;
  for (const [name, value] of Object.entries(request.query)) url.searchParams.set(name, value);
  return url.href;
}
