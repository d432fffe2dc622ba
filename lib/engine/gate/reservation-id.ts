/** What a reservation's id says of its tokens, so that settling needs no memory. */
export interface GrantedTokens {
  readonly weight: number;
  readonly dates: readonly number[];
  /** Nobody was told of them, so that they were not sent, whatever their dates. */
  readonly untold?: true;
}

const mark = "~";

/** An id that carries its tokens: unique as `unique` is. */
export function reservationId(unique: string, { weight, dates }: GrantedTokens): string {
  return [unique, ...[weight, ...dates].map((number) => number.toString(36))].join(mark);
}

/** The tokens of an id; none for an id of another kind. */
export function tokensOf(id: string): GrantedTokens {
  const [weight = 1, ...dates] = id
    .split(mark)
    .slice(1)
    .map((text) => Number.parseInt(text, 36));
  return { weight, dates: dates.filter(Number.isSafeInteger) };
}
