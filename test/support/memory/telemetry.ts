import type { AuditReader } from "../../../lib/engine/audit-reader.ts";
import { timeSortKey } from "../../../lib/engine/page-cursor.ts";
import type { AuditEntry, AuditLog, Log, Metrics, Page, PageRequest } from "../../../lib/engine/ports.ts";
import { pageOf } from "./pages.ts";

export interface CountedMetric {
  readonly name: string;
  readonly value: number;
  readonly dimensions: { readonly partner?: string; readonly kind?: string };
}

export class RecordedMetrics implements Metrics {
  readonly counts: CountedMetric[] = [];

  count(name: string, value: number, dimensions: CountedMetric["dimensions"]): void {
    this.counts.push({ name, value, dimensions: { ...dimensions } });
  }

  /** The sum of a metric, over all dimensions or those of one kind. */
  total(name: string, kind?: string): number {
    return this.counts
      .filter((metric) => metric.name === name && (kind === undefined || metric.dimensions.kind === kind))
      .reduce((sum, metric) => sum + metric.value, 0);
  }
}

export interface LogLine {
  readonly level: "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class RecordedLog implements Log {
  readonly lines: LogLine[] = [];

  info(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: "info", message, fields });
  }

  warn(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: "warn", message, fields });
  }

  error(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level: "error", message, fields });
  }
}

export class RecordedAudit implements AuditLog, AuditReader {
  readonly entries: AuditEntry[] = [];

  async append(entry: AuditEntry): Promise<void> {
    if (this.entries.some((former) => former.id === entry.id && former.atMs === entry.atMs)) return;
    this.entries.push(structuredClone(entry));
  }

  async list(day: string, page: PageRequest): Promise<Page<AuditEntry>> {
    const entries = this.entries.filter(({ atMs }) => new Date(atMs).toISOString().startsWith(day));
    return pageOf(entries, ({ atMs, id }) => timeSortKey(atMs, id), "ascending", page);
  }
}
