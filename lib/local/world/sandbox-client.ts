import * as z from "zod";

/** What the ledger says of one object. */
const LedgerObject = z.object({
  account: z.string(),
  type: z.string(),
  id: z.string(),
  revision: z.number(),
  deleted: z.boolean(),
  state: z.record(z.string(), z.unknown()),
  /** Distinct ones, in complete answers. */
  revisionsServed: z.number(),
  newestServed: z.number(),
  /** Begun to be served when the sandbox was killed. */
  revisionsPerhapsServed: z.number(),
  singleGets: z.number(),
});
export type LedgerObject = z.infer<typeof LedgerObject>;

const ObjectsPage = z.object({ objects: z.array(LedgerObject), next: z.number().nullable() });

/** Talks to a sandbox's control endpoints. */
export class SandboxClient {
  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  async control<Schema extends z.ZodType>(
    method: "GET" | "POST" | "DELETE",
    path: string,
    body: unknown,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    const answer = await fetch(`${this.address}/__sandbox/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok)
      throw new Error(`The sandbox answered ${answer.status} to ${method} ${path}: ${text.slice(0, 500)}`);
    return schema.parse(JSON.parse(text));
  }

  async objects(type: string): Promise<readonly LedgerObject[]> {
    const all: LedgerObject[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const page: z.infer<typeof ObjectsPage> = await this.control(
        "GET",
        `ledger/objects?type=${type}&after=${after}`,
        undefined,
        ObjectsPage,
      );
      all.push(...page.objects);
      after = page.next;
    }
    return all;
  }
}
