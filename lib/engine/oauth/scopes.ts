/** Partners separate scopes by spaces, as https://www.rfc-editor.org/rfc/rfc6749#section-3.3 says, or by commas. */
export function scopesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((scope) => scope !== "");
}

/** What is needed and was not granted; a token answer that names no scopes grants all that were asked for. */
export function missingScopes(needed: readonly string[], granted: readonly string[] | null): readonly string[] {
  return granted === null ? [] : needed.filter((scope) => !granted.includes(scope));
}

/**
 * What is needed, was granted before and is not any more. A scope that a driver has come to need since is not lost: nobody
 * took it away, and what the connection can do it goes on doing.
 */
export function lostScopes(
  needed: readonly string[],
  before: readonly string[] | null,
  now: readonly string[] | null,
): readonly string[] {
  const had = before === null ? needed : needed.filter((scope) => before.includes(scope));
  return missingScopes(had, now);
}
