import type { PartnerDriver } from "../engine/define-partner.ts";
import { PartnerError } from "../engine/errors.ts";
import { PageShapeError } from "../engine/pages/page-strategy.ts";
import type { PageContent, PageStrategy, Span } from "../engine/pages/page-strategy.ts";
import type { Cursor } from "../engine/run.ts";

/** What an answer holds, or the data failure of one that is no page. `list` is what people call it. */
export function readPage(
  driver: PartnerDriver,
  list: string,
  page: PageStrategy,
  answer: { readonly body: unknown; readonly cursor: Cursor | null; readonly span?: Span },
): PageContent | PartnerError {
  try {
    return page.read(answer.body, answer.cursor, answer.span);
  } catch (error) {
    if (!(error instanceof PageShapeError)) throw error;
    const { expected, actual } = error;
    const message = `${driver.title}: the ${list} list answered with something that is no page: expected ${expected}, got ${actual}. Compare it with the driver's page strategy.`;
    const cause = { expected, actual };
    return new PartnerError({ code: "bad-page", kind: "data", partner: driver.name, message, cause });
  }
}
