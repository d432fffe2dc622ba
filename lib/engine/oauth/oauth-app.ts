import * as z from "zod";

/** Our own registration at a partner, the `app` of its secret. The redirect URI is this API's callback, as it is registered there. */
export const OAuthApp = z.object({
  clientId: z.string().min(1).max(1_000),
  clientSecret: z.string().min(1).max(4_000),
  redirectUri: z.url({ protocol: /^https?$/ }).max(2_000),
});

export type OAuthApp = z.infer<typeof OAuthApp>;
