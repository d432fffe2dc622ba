import { queryFields } from "./query.ts";
import { twilioBodySha256Signature } from "./twilio-body-sha256.ts";
import { twilioFormSignature } from "./twilio-form.ts";
import type { Verifier } from "./verifier.ts";

/** Twilio, whichever body comes: the URL's query says which of the two schemes it is, and the URL is signed in both. */
export const twilioSignature: Verifier = (request) => {
  const hasDigest = queryFields(request.url)?.some(([name]) => name === "bodySHA256") ?? false;
  return hasDigest ? twilioBodySha256Signature(request) : twilioFormSignature(request);
};
