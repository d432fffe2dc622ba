import type { SandboxDemo } from "../../local/sandbox/demo.ts";

const clientId = "0oaSluiceDemonstration01";
const clientSecret = "sluice-demonstration-only-0001";
const webhookSecret = `whsec_${Buffer.from("for the demonstration of Sluice alone").toString("base64")}`;

/** Small: 5,000 calls an hour are little more than one a second, and every thing that is fetched alone costs one. */
const seeds = {
  demo: { listings: 60, guests: 240, reservations: 460 },
  smoke: { listings: 30, guests: 60, reservations: 130 },
};

export const guestyDemo: SandboxDemo = {
  // The limits are the vendor's own, and the sandbox judges by them.
  account: (size) => ({ clientId, clientSecret, webhookSecret, seed: seeds[size] }),
  accountKey: { clientId },
  credential: { clientId, clientSecret },
  webhookSecret,
  webhooksMax: 20,
  resourceOf: { reservation: "reservations", listing: "listings", guest: "guests" },
  singlePath: "/v1/",
};
