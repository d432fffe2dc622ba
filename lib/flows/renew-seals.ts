import type { CredentialSeals, RenewedSeal } from "../engine/credential-seals.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { Connection, PageRequest, Ports } from "../engine/ports.ts";

export interface RenewSealsPorts {
  readonly connections: Pick<Ports["connections"], "list">;
  readonly seals: CredentialSeals;
}

/** One page of connections, by what became of each one's credential. */
export interface RenewedPage {
  readonly looked: number;
  readonly renewed: number;
  readonly current: number;
  readonly none: number;
  /** Replaced by somebody each time that it was looked at: the next time finds it sealed as they did. */
  readonly superseded: number;
  readonly refused: readonly { readonly connectionId: string; readonly reason: string }[];
  readonly next: string | null;
}

/** Each costs a read, a call of KMS and a write; an answer of the API has half a minute. */
const renewalsAtOnce = 8;

/**
 * Puts the credentials of one page of connections under the stage's key of today. One conditional write a connection is all
 * that happens, so whoever dies in the middle begins again anywhere: what is done is found to be current.
 *
 * @param partner only this one's; null is every partner's
 */
export async function renewSeals(
  ports: RenewSealsPorts,
  partner: string | null,
  page: PageRequest,
): Promise<RenewedPage> {
  const { items, next } = await ports.connections.list(null, page);
  const wanted = items.filter((connection) => partner === null || connection.partner === partner);
  const outcomes = await mapBounded(wanted, renewalsAtOnce, async (connection) => ({
    connection,
    seal: await ports.seals.renew(connection),
  }));
  const count = (kind: RenewedSeal["kind"]): number => outcomes.filter(({ seal }) => seal.kind === kind).length;
  return {
    looked: outcomes.length,
    renewed: count("renewed"),
    current: count("current"),
    none: count("none"),
    superseded: count("superseded"),
    refused: outcomes.flatMap(({ connection, seal }) => refusalOf(connection, seal)),
    next,
  };
}

function refusalOf({ connectionId }: Connection, seal: RenewedSeal): RenewedPage["refused"] {
  return seal.kind === "refused" ? [{ connectionId, reason: seal.reason }] : [];
}
