import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import { checkChildren } from "./contract/children.ts";
import { checkDamaged, checkMissing, checkRequired } from "./contract/damage.ts";
import { checkAnyAnswer, checkErrors } from "./contract/errors.ts";
import { checkDocsPage, checkFixtureFiles } from "./contract/folder.ts";
import { checkCredentials, checkIdentity } from "./contract/identity.ts";
import { checkIncrements } from "./contract/increments.ts";
import { checkLimits } from "./contract/limits.ts";
import { checkPages, checkPagesEnd } from "./contract/pages.ts";
import { checkDrops, checkExtraSurvives, checkGone, checkIds, checkMapping } from "./contract/resources.ts";
import { checkForgeries, checkStrangers, checkVectors } from "./contract/signatures.ts";
import type { Check, PartnerFixtures } from "./contract/subject.ts";
import { checkParts, checkReplays } from "./contract/webhook-parts.ts";
import { checkSubscriptions } from "./contract/subscriptions.ts";
import { checkAnyEvent, checkEvents } from "./contract/webhooks.ts";

export const checks: Readonly<Record<string, Check>> = {
  "names, paths and URLs are well-formed": checkIdentity,
  "credentials are taken whole and nothing else is": checkCredentials,
  "limits are sane": checkLimits,
  "everything recorded parses and maps into its model": checkMapping,
  "every thing has its own id": checkIds,
  "unknown fields survive": checkExtraSurvives,
  "what is not kept is there to be left out": checkDrops,
  "what is gone is known to be gone": checkGone,
  "a required field that is missing is named": checkRequired,
  "any field that is missing is a record or a named failure": checkMissing,
  "nothing that a partner sends crashes": checkDamaged,
  "recorded pages are walked to the end": checkPages,
  "no pages are walked for ever": checkPagesEnd,
  "changes are asked for": checkIncrements,
  "children are asked for by their parents": checkChildren,
  "documented errors are taken for what they are": checkErrors,
  "any answer has a verdict": checkAnyAnswer,
  "published signatures come out as published": checkVectors,
  "forgeries are refused": checkForgeries,
  "strangers are refused": checkStrangers,
  "events say what they touch": checkEvents,
  "no event crashes": checkAnyEvent,
  "each account gets its own part": checkParts,
  "old posts are known": checkReplays,
  "webhooks are registered as the partner takes them": checkSubscriptions,
  "fixtures hold no secrets and nobody's data": checkFixtureFiles,
  "the docs page is there and sourced": checkDocsPage,
};

/**
 * The suite that every partner passes.
 *
 * @example
 * describePartner(stripe, { credentials: …, resources: …, webhook: …, errors: … });
 */
export function describePartner<Resource extends string>(
  driver: PartnerDriver<Resource>,
  fixtures: PartnerFixtures<Resource>,
): void {
  const root = join(import.meta.dirname, "../..");
  describe(`${driver.name}: the partners' contract`, () => {
    test.each(Object.entries(checks))("%s", (_name, check) => {
      expect(check({ driver, fixtures, root })).toEqual([]);
    });
  });
}
