import * as z from "zod";
import type { Model } from "../models/model.ts";

export interface ClientOptions {
  /** Of the stage's API, such as `https://api.example.com`. */
  readonly url: string;
  readonly key: string;
  /** Milliseconds that one call may take; 30,000 unless said otherwise. */
  readonly timeoutMs?: number;
  /** The runtime's own unless said otherwise. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** A record as the API tells it, its data in the model's type. */
export type ReadRecord<Data> = RecordFacts &
  (
    | { readonly deleted: false; readonly data: Data }
    /** What was known last; null where it was never known. */
    | { readonly deleted: true; readonly data: Data | null }
  );

interface RecordFacts {
  readonly externalId: string;
  readonly version: number;
  readonly fetchedAt: string;
  readonly writtenAt: string;
}

/** The API said no, or something that is no answer of it. */
export class ClientError extends Error {
  /** 0 where there was no answer. */
  readonly status: number;

  constructor(status: number, what: string) {
    super(`Sluice's API, ${what}: ${status === 0 ? "no answer" : `answered ${status}`}.`);
    this.name = "ClientError";
    this.status = status;
  }
}

export interface Client {
  /** Every record of a resource, a page at a time as they are asked for; deleted ones too, with what was known last. */
  records<Schema extends z.ZodType>(
    connectionId: string,
    resource: string,
    model: Model<Schema>,
  ): AsyncGenerator<ReadRecord<z.output<Schema>>>;
  /** null: there is none of that id. */
  record<Schema extends z.ZodType>(
    connectionId: string,
    resource: string,
    externalId: string,
    model: Model<Schema>,
  ): Promise<ReadRecord<z.output<Schema>> | null>;
}

const pageLimit = 100;
/** Of a hundred records each: bounds an API that answers one cursor for ever. */
const pagesMax = 1_000_000;

/**
 * Reads normalised records from an application, checked against the model's schema.
 *
 * @example
 * const client = createClient({ url: process.env.SLUICE_URL, key: process.env.SLUICE_KEY });
 * for await (const { data } of client.records(connectionId, "charges", payment)) console.log(data.amount);
 */
export function createClient(options: ClientOptions): Client {
  const { url, key, timeoutMs = 30_000, fetch: send = fetch } = options;

  async function get<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
    const init = { headers: { "x-api-key": key }, signal: AbortSignal.timeout(timeoutMs) };
    const answer = await send(`${url.replace(/\/+$/, "")}/api/v1${path}`, init).catch(() => null);
    if (answer?.status === 404) return null;
    if (answer === null || !answer.ok) throw new ClientError(answer?.status ?? 0, `GET ${path}`);
    return z.object({ data: schema }).parse(await answer.json()).data;
  }

  return {
    async *records(connectionId, resource, model) {
      const page = z.object({ items: z.array(recordOf(model)), next: z.string().nullable() });
      const path = `/connections/${encodeURIComponent(connectionId)}/records/${encodeURIComponent(resource)}`;
      let cursor: string | null = null;
      for (let count = 0; count < pagesMax; count++) {
        const query = new URLSearchParams({ limit: String(pageLimit), ...(cursor !== null && { cursor }) });
        const read: z.infer<typeof page> | null = await get(`${path}?${query.toString()}`, page);
        if (read === null) throw new ClientError(404, `GET ${path}`);
        yield* read.items;
        cursor = read.next;
        if (cursor === null) return;
      }
    },

    async record(connectionId, resource, externalId, model) {
      const place = [connectionId, "records", resource, externalId].map(encodeURIComponent).join("/");
      return get(`/connections/${place}`, recordOf(model));
    },
  };
}

const RecordView = z.object({
  externalId: z.string(),
  version: z.int(),
  deleted: z.boolean(),
  data: z.unknown(),
  fetchedAt: z.string(),
  writtenAt: z.string(),
});

function recordOf<Schema extends z.ZodType>({ schema }: Model<Schema>): z.ZodType<ReadRecord<z.output<Schema>>> {
  return RecordView.transform(({ deleted, data, ...facts }): ReadRecord<z.output<Schema>> =>
    // The tombstone of a thing that was never seen holds nothing that fits a model.
    deleted
      ? { ...facts, deleted, data: schema.safeParse(data).data ?? null }
      : { ...facts, deleted, data: schema.parse(data) },
  );
}
