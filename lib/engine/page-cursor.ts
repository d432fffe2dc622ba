import * as z from "zod";
import type { Page, PageRequest } from "./ports.ts";

/** How a store is to read one page: from `after`, along the list or against it, one row more than the page holds. */
export interface PagePlan {
  readonly direction: "next" | "previous";
  /** The sort key of the row beside the page; null: from the list's start. */
  readonly after: string | null;
  readonly limit: number;
  /** What the list's first page counted; null: this is the first one, or nothing was counted. */
  readonly total: number | null;
}

/** The cursor is none that this list gave out: the caller's mistake. */
export class InvalidCursor extends Error {
  constructor() {
    super("the cursor is not one of this list's; start again without a cursor");
    this.name = "InvalidCursor";
  }
}

const limitMax = 100;
const CursorContent = z.lazy(() =>
  z.strictObject({
    v: z.literal(1),
    to: z.enum(["next", "previous"]),
    after: z.string().min(1).max(2048),
    total: z.int().min(1).exactOptional(),
  }),
);

/** Throws `InvalidCursor` on a cursor that is not ours; a limit outside 1–100 is brought into it. */
export function planPage(request: PageRequest): PagePlan {
  const limit = Math.min(limitMax, Math.max(1, Math.trunc(request.limit)));
  if (request.cursor === null) return { direction: "next", after: null, limit, total: null };
  const content = decode(request.cursor);
  return { direction: content.to, after: content.after, limit, total: content.total ?? null };
}

/**
 * Makes the page of the rows that were read by its plan, in the order in which they were read.
 *
 * @param total goes along with the page's cursors, so that a list is counted once and not with every page
 * @param more whether rows lie beyond `rows` for another reason than that there are more than the limit
 * @param scannedTo the last key that was looked at, where rows are filtered: a page of none then still leads on
 */
export function finishPage<T>(
  plan: PagePlan,
  rows: readonly { readonly key: string; readonly value: T }[],
  more: boolean,
  total: number,
  scannedTo: string | null = null,
): Page<T> {
  const taken = rows.slice(0, plan.limit);
  const beyond = more || rows.length > plan.limit;
  const inOrder = plan.direction === "next" ? taken : taken.toReversed();
  const near = plan.direction === "next" ? inOrder[0] : inOrder.at(-1);
  const far = scannedTo ?? (plan.direction === "next" ? inOrder.at(-1) : inOrder[0])?.key ?? null;
  const [first, last] = plan.direction === "next" ? [near?.key ?? far, far] : [far, near?.key ?? far];
  const hasNext = plan.direction === "next" ? beyond : true;
  const hasPrevious = plan.direction === "next" ? plan.after !== null : beyond;
  return {
    items: inOrder.map((row) => row.value),
    next: last !== null && hasNext ? encode("next", last, total) : null,
    previous: first !== null && hasPrevious ? encode("previous", first, total) : null,
    total,
  };
}

/** A sort key that orders by time, then by id. */
export function timeSortKey(atMs: number, id: string): string {
  return `${String(atMs).padStart(15, "0")}#${id}`;
}

function encode(to: PagePlan["direction"], after: string, total: number): string {
  return Buffer.from(JSON.stringify({ v: 1, to, after, ...(total > 0 && { total }) })).toString("base64url");
}

function decode(cursor: string): z.infer<typeof CursorContent> {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    throw new InvalidCursor();
  }
  const parsed = CursorContent.safeParse(content);
  if (!parsed.success) throw new InvalidCursor();
  return parsed.data;
}
