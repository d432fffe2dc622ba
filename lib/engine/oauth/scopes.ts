/** Partners separate scopes by spaces, as https://www.rfc-editor.org/rfc/rfc6749#section-3.3 says, or by commas. */
export function scopesIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((scope) => scope !== "");
}

/** What is needed and was not granted; a token answer that names no scopes grants all that were asked for. */
export function missingScopes(needed: readonly string[], granted: readonly string[] | null): readonly string[] {
  return granted === null ? [] : needed.filter((scope) => !granted.includes(scope));
}
