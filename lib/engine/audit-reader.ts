import type { AuditEntry, Page, PageRequest } from "./ports.ts";

/** Reads what was appended: the API alone may. */
export interface AuditReader {
  /** The entries of one day (`2026-03-01`, UTC), in the order of their time. */
  list(day: string, page: PageRequest): Promise<Page<AuditEntry>>;
}
