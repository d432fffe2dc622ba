/** Shows lines that change: in place on a terminal; elsewhere each line when it differs from what it was. */
export function createRedraw(output: {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}): (lines: readonly string[]) => void {
  let shown: readonly string[] = [];
  return (lines) => {
    const former = shown;
    shown = lines;
    if (output.isTTY === true) {
      const up = former.length === 0 ? "" : `\u001b[${former.length}A`;
      output.write(up + lines.map((line) => `\u001b[2K${line}\n`).join(""));
      return;
    }
    for (const [index, line] of lines.entries()) if (line !== former[index]) output.write(`${line}\n`);
  };
}
