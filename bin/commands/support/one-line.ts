/** Control characters out: a line break in a partner's message would tear a table, and an escape could paint the terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
