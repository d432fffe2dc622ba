import { googlePubSubToken } from "./google-pub-sub.ts";
import { keysInSet } from "./published-keys.ts";
import type { PublishedKeyScheme } from "./verification.ts";

/**
 * Pushes of Google Pub/Sub with the way to Google's keys. The driver's `hosts` name `www.googleapis.com`.
 * https://developers.google.com/identity/openid-connect/openid-connect#discovery
 */
export const googlePubSubWebhooks: PublishedKeyScheme = {
  kind: "published-keys",
  verify: googlePubSubToken,
  keys: {
    request: () => ({
      method: "GET",
      path: "https://www.googleapis.com/oauth2/v3/certs",
      query: {},
      endpoint: "GET /oauth2/v3/certs",
    }),
    read: keysInSet,
  },
};
