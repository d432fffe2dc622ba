import type { Cursor } from "../run.ts";
import { everything, PageShapeError } from "./page-strategy.ts";
import type { PageStrategy, Span } from "./page-strategy.ts";

export interface WindowOptions {
  /** How a window's own list is paged; its first page has no cursor. */
  readonly page: PageStrategy;
  /** The query's parameters for a window's bounds. */
  readonly from: string;
  readonly to: string;
  readonly format: (ms: number) => string;
  /** Where everything begins when no changes are asked for, in milliseconds. */
  readonly beginMs: number;
  /** The longest window that is asked for. */
  readonly widthMs: number;
  /** So many things the partner gives of one query; a window that holds as many is asked for again in halves. */
  readonly itemsMax: number;
  /** How much of the former window each one asks for again, where the partner's lower bound is exclusive or its clock coarse. */
  readonly overlapMs?: number;
}

/** A partner with more changes in so short a time than it gives of one query leaves no window to ask for. */
const widthMsMin = 1_000;

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  /** Things seen of this window. */
  readonly seen: number;
  readonly inner: Cursor | null;
}

/**
 * Walks time in windows, each with pages of its own: for partners that give only so many things of one query. A window that
 * overflows begins again at half its width, and the next ones grow back. Things at a bound may come twice, which does no harm.
 *
 * @example
 * windowPages({ page: offsetPages(…), from: "updatedFrom", to: "updatedTo", format: (ms) => new Date(ms).toISOString(), beginMs: 0, widthMs: 30 * day, itemsMax: 10_000 });
 */
export function windowPages(options: WindowOptions): PageStrategy {
  const { page, itemsMax } = options;
  return {
    request(cursor, span = everything) {
      const { fromMs, toMs, inner } = windowAt(options, cursor, span);
      const call = page.request(inner, span);
      if (call.kind !== "query") return call;
      const overlapMs = options.overlapMs ?? 0;
      const bounds = { [options.from]: options.format(fromMs - overlapMs), [options.to]: options.format(toMs) };
      return { kind: "query", query: { ...call.query, ...bounds } };
    },
    read(body, cursor, span = everything) {
      const window = windowAt(options, cursor, span);
      const content = page.read(body, window.inner, span);
      const seen = window.seen + content.items.length;
      const isCut = seen >= itemsMax || (content.total ?? 0) > itemsMax;
      return {
        ...content,
        next: isCut ? halved(window) : following(options, window, content.next, seen, span),
        total: null,
      };
    },
  };
}

function windowAt({ beginMs, widthMs }: WindowOptions, cursor: Cursor | null, span: Span): Window {
  const fromMs = numberIn(cursor, "fromMs") ?? span.sinceMs ?? beginMs;
  const inner = cursor?.["inner"];
  return {
    fromMs,
    toMs: numberIn(cursor, "toMs") ?? Math.min(fromMs + widthMs, Math.max(span.untilMs, fromMs)),
    seen: numberIn(cursor, "seen") ?? 0,
    // Written by `cursorOf` below.
    inner: typeof inner === "string" ? (JSON.parse(inner) as Cursor) : null,
  };
}

function halved({ fromMs, toMs }: Window): Cursor {
  const widthMs = Math.floor((toMs - fromMs) / 2);
  if (widthMs < widthMsMin)
    throw new PageShapeError("a window that the partner gives whole", "too much within a second");
  return cursorOf({ fromMs, toMs: fromMs + widthMs, seen: 0, inner: null });
}

function following(
  options: WindowOptions,
  window: Window,
  inner: Cursor | null,
  seen: number,
  span: Span,
): Cursor | null {
  if (inner !== null) return cursorOf({ ...window, seen, inner });
  if (window.toMs >= span.untilMs) return null;
  const widthMs = Math.min(options.widthMs, 2 * (window.toMs - window.fromMs));
  return cursorOf({ fromMs: window.toMs, toMs: Math.min(window.toMs + widthMs, span.untilMs), seen: 0, inner: null });
}

function cursorOf({ fromMs, toMs, seen, inner }: Window): Cursor {
  return { fromMs, toMs, seen, inner: inner === null ? null : JSON.stringify(inner) };
}

function numberIn(cursor: Cursor | null, name: string): number | undefined {
  const value = cursor?.[name];
  return typeof value === "number" ? value : undefined;
}
