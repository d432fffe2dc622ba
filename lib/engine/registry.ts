import type { PartnerDriver } from "./define-partner.ts";
import type { PartnerRegistry } from "./ports.ts";

/** The partners of one deployment, by name. */
export function registryOf(drivers: readonly PartnerDriver[]): PartnerRegistry {
  const byName = new Map(drivers.map((driver) => [driver.name, driver]));
  return { find: (name) => byName.get(name) ?? null, all: () => drivers };
}
