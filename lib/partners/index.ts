import { stripe } from "./stripe/driver.ts";

export { stripe };

/** Every partner that Sluice knows; an adopter's configuration chooses from them and adds its own. */
export const partners = [stripe];
