import type { PartnerDriver } from "./define-partner.ts";
import type { PartnerRegistry } from "./ports.ts";

/** The partners of one deployment, by name. */
export function registryOf(drivers: readonly PartnerDriver[]): PartnerRegistry {
  const byName = new Map(drivers.map((driver) => [driver.name, driver]));
  return { find: (name) => byName.get(name) ?? null, all: () => drivers };
}

/** The partners that a module exports: a driver's file has one, a configuration's default export lists all. */
export function partnersIn(module: Readonly<Record<string, unknown>>): readonly PartnerDriver[] {
  return Object.values(module).flatMap((value) => {
    if (typeof value !== "object" || value === null) return [];
    // A configuration comes from `defineConfig`, whose type holds from there on.
    if ("partners" in value) return value.partners as readonly PartnerDriver[];
    // And a driver from `definePartner`.
    return "resources" in value && "baseUrl" in value ? [value as PartnerDriver] : [];
  });
}
