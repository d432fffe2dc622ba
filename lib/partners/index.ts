import { guesty } from "./guesty/driver.ts";
import { leaflink } from "./leaflink/driver.ts";
import { quickbooks } from "./quickbooks/driver.ts";
import { stripe } from "./stripe/driver.ts";

export { guesty, leaflink, quickbooks, stripe };

/** Every partner that Sluice knows; an adopter's configuration chooses from them and adds its own. */
export const partners = [guesty, leaflink, quickbooks, stripe];
