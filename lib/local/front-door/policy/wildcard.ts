/** Matches IAM's `*` (any run of characters) and `?` (one character) without regular expressions, so that no pattern can be made slow. */
export function matchesWildcard(pattern: string, text: string): boolean {
  let patternAt = 0;
  let textAt = 0;
  let starAt = -1;
  let retryAt = 0;
  while (textAt < text.length) {
    const expected = pattern[patternAt];
    if (expected === "*") {
      starAt = patternAt++;
      retryAt = textAt;
    } else if (expected === "?" || (expected !== undefined && expected === text[textAt])) {
      patternAt++;
      textAt++;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      textAt = ++retryAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === "*") patternAt++;
  return patternAt === pattern.length;
}
