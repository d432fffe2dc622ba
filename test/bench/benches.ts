import { cascade } from "./cascade.ts";
import { importBench } from "./import.ts";
import { ingestCalls } from "./ingest-calls.ts";
import { ingestLoad } from "./ingest-load.ts";
import { limiter } from "./limiter.ts";
import type { BenchResult } from "./support/report.ts";
import { pipeline } from "./pipeline.ts";
import { memory } from "./memory.ts";
import { resync } from "./resync.ts";
import { verify } from "./verify.ts";

export interface Bench {
  /** One line for `--help`. */
  readonly what: string;
  /** What is null nobody asked for. `seeds` is for those that simulate, `rounds` for those that measure time. */
  readonly run: (options: { readonly rounds: number | null; readonly seeds: number | null }) => Promise<BenchResult>;
}

export const benches: Readonly<Record<string, Bench>> = {
  cascade: {
    what: "things with details, media and transactions, against one call after the other, in virtual time",
    run: cascade,
  },
  import: {
    what: "an import of pages into records, against parsing the same pages and putting every item",
    run: importBench,
  },
  "ingest-calls": { what: "calls to AWS that one webhook makes, cold and warm, and what they cost", run: ingestCalls },
  "ingest-load": {
    what: "the webhook function's start, against bare Node and the SDK with Powertools",
    run: ingestLoad,
  },
  limiter: {
    what: "limiters on the same strict partners in virtual time: use, violations, writes, waits",
    run: limiter,
  },
  pipeline: {
    what: "webhooks to records on the local stack, against a bare send, receive and put",
    run: pipeline,
  },
  memory: { what: "the most memory that an import takes, 2,000,000 records against 100,000", run: memory },
  resync: {
    what: "DynamoDB units of a full pass, against reading and writing every record",
    run: resync,
  },
  verify: { what: "Stripe's signature and JSON, against a bare HMAC and JSON.parse", run: verify },
};
