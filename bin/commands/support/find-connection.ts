import { partnerOfConnectionId } from "../../../lib/engine/connection-id.ts";
import type { ApiClient } from "../api-client.ts";
import { ConnectionView } from "../support/shapes.ts";
import { UsageError } from "../usage-error.ts";

const searchedMax = 1_000;
const namedMax = 10;

/** A connection by its id, by its name, or by its partner's name where that has only one. */
export async function connectionIdOf(api: ApiClient, said: string): Promise<string> {
  if (partnerOfConnectionId(said) !== null) return said;
  const known = await api.list("/connections", ConnectionView, searchedMax);
  const named = known.filter((each) => each.name === said);
  const found = named.length > 0 ? named : known.filter((each) => each.partner === said);
  const [first, ...more] = found;
  if (first === undefined)
    throw new UsageError(
      `There is no connection "${said}": give its id, its name, or a partner that has one. See: connections`,
    );
  if (more.length === 0) return first.id;
  const ids = found.slice(0, namedMax).map((each) => `  ${each.id}  ${each.name}`);
  throw new UsageError(`"${said}" is ${found.length} connections; give the id of one:\n${ids.join("\n")}`);
}

/** The one or more words that a command must have. */
export function wordsOf(positionals: readonly string[], usage: string, count: number): readonly string[] {
  if (positionals.length !== count || positionals.includes(""))
    throw new UsageError(`Usage: npm run sluice -- ${usage}`);
  return positionals;
}
