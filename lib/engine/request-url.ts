import type { PartnerDriver, PartnerRequest } from "./define-partner.ts";

/** The absolute URL of a request, or null when its host is not the partner's: a next link is data from outside. */
export function urlFor(driver: PartnerDriver, request: PartnerRequest): string | null {
  const base = new URL(driver.baseUrl);
  const absolute = /^https?:\/\//i.test(request.path);
  const text = absolute ? request.path : driver.baseUrl + request.path;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const hosts = [base.host, ...(driver.hosts ?? [])];
  if (url.protocol !== "https:" || !hosts.includes(url.host) || url.username !== "" || url.password !== "") return null;
  for (const [name, value] of Object.entries(request.query)) url.searchParams.set(name, value);
  return url.href;
}
