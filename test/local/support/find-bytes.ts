import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { constants, inflateRawSync } from "node:zlib";

export interface FoundWord {
  readonly file: string;
  readonly word: string;
  /** `plain`, `hex`, `base64`, or what it was packed with. */
  readonly as: string;
}

/**
 * Looks for words in every byte of every file below a folder: as they are, in hexadecimal, in base64 however it is cut, and in
 * what is compressed or in base64 itself. What stands across the end of a block of LevelDB's may be missed: look for many.
 */
export function findBytes(folder: string, words: readonly string[]): readonly FoundWord[] {
  const found: FoundWord[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    const texts = [{ as: "plain", text: bytes.toString("latin1") }, ...unpacked(bytes)];
    for (const word of words)
      for (const { as, text } of texts) {
        const form = formsOf(word).find((each) => text.includes(each.text));
        if (form !== undefined) found.push({ file: file.slice(folder.length + 1), word, as: `${as}, ${form.as}` });
      }
  }
  return found;
}

function formsOf(word: string): readonly { readonly as: string; readonly text: string }[] {
  const bytes = Buffer.from(word);
  const base64 = [0, 1, 2].map((skipped) => {
    // The letters that hold no bits of what is before or after.
    const padded = Buffer.concat([Buffer.alloc(skipped), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    return {
      as: "base64",
      text: padded.slice(Math.ceil((skipped * 4) / 3), Math.floor(((skipped + bytes.length) * 4) / 3)),
    };
  });
  return [
    { as: "text", text: bytes.toString("latin1") },
    { as: "text of two bytes", text: Buffer.from(word, "utf16le").toString("latin1") },
    { as: "hexadecimal", text: bytes.toString("hex") },
    ...base64,
  ];
}

const packedLettersMin = 24;
const magic = "\x1f\x8b\x08";
/** Of gzip as Node writes it: with no file's name. */
const headerBytes = 10;

/** Streams of gzip, wherever they begin in the bytes or in what stands there in base64. */
function unpacked(bytes: Buffer): readonly { readonly as: string; readonly text: string }[] {
  const texts: { as: string; text: string }[] = [];
  for (let at = bytes.indexOf(magic, 0, "latin1"); at !== -1; at = bytes.indexOf(magic, at + 1, "latin1"))
    texts.push({ as: "gzip", text: unzipped(bytes.subarray(at)) });
  for (const [run] of bytes.toString("latin1").matchAll(new RegExp(`H4sI[A-Za-z0-9+/]{${packedLettersMin},}`, "g")))
    texts.push({ as: "gzip in base64", text: unzipped(Buffer.from(run, "base64")) });
  return texts;
}

/** As far as it can be read; nothing of what only looked like it. */
function unzipped(bytes: Buffer): string {
  try {
    return inflateRawSync(bytes.subarray(headerBytes), { finishFlush: constants.Z_SYNC_FLUSH }).toString("latin1");
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) return "";
    throw error;
  }
}
