import { importBench } from "./import.ts";
import { ingestCalls } from "./ingest-calls.ts";
import { ingestLoad } from "./ingest-load.ts";
import type { BenchResult } from "./support/report.ts";
import { pipeline } from "./pipeline.ts";
import { verify } from "./verify.ts";

export interface Bench {
  /** One line for `--help`. */
  readonly what: string;
  /** `rounds` is null unless somebody asked for a number. */
  readonly run: (options: { readonly rounds: number | null }) => Promise<BenchResult>;
}

export const benches: Readonly<Record<string, Bench>> = {
  import: {
    what: "an import of pages into records, against parsing the same pages and putting every item",
    run: importBench,
  },
  "ingest-calls": { what: "calls to AWS that one webhook makes, cold and warm, and what they cost", run: ingestCalls },
  "ingest-load": {
    what: "the webhook function's start, against bare Node and the SDK with Powertools",
    run: ingestLoad,
  },
  pipeline: {
    what: "webhooks to records on the local stack, against a bare send, receive and put",
    run: pipeline,
  },
  verify: { what: "Stripe's signature and JSON, against a bare HMAC and JSON.parse", run: verify },
};
