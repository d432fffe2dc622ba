import type { PartnerDriver } from "../../engine/define-partner.ts";
import { PartnerError } from "../../engine/errors.ts";

type Loss = "invalid-grant" | "answer-lost" | "no-refresh-token";

const losses: Readonly<Record<Loss, string>> = {
  "invalid-grant":
    "does not take this connection's refresh token any more: it was revoked, ran out, or was used elsewhere",
  "answer-lost": "took this connection's refresh token once, its answer got lost, and it gives no second one",
  "no-refresh-token": "gave this connection no refresh token, and its access token is not taken any more",
};

/** The connection's own authorisation is gone; only a person at the partner can give another. */
export function credentialLost(driver: PartnerDriver, loss: Loss): PartnerError {
  return new PartnerError({
    code: "credential-refused",
    kind: "auth",
    partner: driver.name,
    message: `${driver.title} ${losses[loss]}.`,
    cause: { expected: "a refresh token that is good", actual: loss },
  });
}

/** Its token is taken, and allows less than it did: the calls that need the rest would be refused one by one. */
export function scopesTaken({ name: partner, title }: PartnerDriver, taken: readonly string[]): PartnerError {
  const what = taken.join(", ").slice(0, 300);
  return new PartnerError({
    code: "credential-refused",
    kind: "auth",
    partner,
    message: `${title} allows this connection less than it did, and than is needed: ${what} was taken away.`,
    cause: { expected: "a token that grants what the driver needs", actual: `without ${what}` },
  });
}

/** Every connection of the partner shares our app: when that is refused, none of them has lost anything. */
export function appMissing(driver: PartnerDriver): PartnerError {
  return new PartnerError({
    code: "app-missing",
    kind: "auth",
    partner: driver.name,
    message: `${driver.title}: the partner's secret holds no clientId, clientSecret and redirectUri under \`app\`; put them there.`,
    cause: { expected: "app: { clientId, clientSecret, redirectUri }", actual: "less" },
  });
}

/** Any other code of https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
export function refusalOf(driver: PartnerDriver, code: string): PartnerError {
  const safe = /^[a-z_]{1,60}$/.test(code) ? code : "an unknown code";
  const { name: partner, title } = driver;
  const cause = { expected: "a token", actual: safe };
  switch (code) {
    case "server_error":
    case "temporarily_unavailable": {
      const message = `${title}'s token endpoint is not able to answer (${safe}). It is tried again by itself.`;
      return new PartnerError({ code: "token-unavailable", kind: "transient", partner, message, cause });
    }
    case "invalid_client":
    case "unauthorized_client": {
      const message = `${title} refuses our app (${safe}): check clientId and clientSecret under \`app\` in the partner's secret.`;
      return new PartnerError({ code: "app-refused", kind: "auth", partner, message, cause });
    }
    default: {
      const message = `${title}'s token endpoint refuses the request itself (${safe}): compare the driver's \`auth\` with the partner's page.`;
      return new PartnerError({ code: "token-request-refused", kind: "client", partner, message, cause });
    }
  }
}
