import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";

/** A call that was never sent: its host leads somewhere that no partner lives. */
export class AddressRefused extends Error {
  readonly code = "ADDRESS_REFUSED";

  constructor() {
    super("the host's address is not of the public internet");
    this.name = "AddressRefused";
  }
}

/**
 * A look-up for `net.connect` that hands on only addresses which may be called. The socket connects to the very addresses
 * that were checked here and resolves nothing again, so a name cannot lead elsewhere between the check and the connect.
 * One address that may not be called refuses the name: an honest partner's name has none.
 */
export function createCheckedLookup(resolve: LookupFunction, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, answer) => {
    resolve(hostname, options, (error, found, family) => {
      if (error !== null) return answer(error, found, family);
      const addresses = addressesIn(found);
      if (addresses.length === 0 || !addresses.every(isAllowed)) return answer(new AddressRefused(), []);
      answer(null, found, family);
    });
  };
}

/** Node asks for all addresses or for one, and gets them in a form for each. */
function addressesIn(found: string | readonly LookupAddress[]): readonly string[] {
  return typeof found === "string" ? [found] : found.map(({ address }) => address);
}
