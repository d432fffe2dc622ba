const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const digitOf = new Map(Array.from(alphabet, (character, digit) => [character, digit]));

/** A whole number that is not negative, as text: five bits a character, the sixth says that more follow. */
export function packNumber(number: number): string {
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`packNumber(${number}): not a whole number`);
  let text = "";
  let rest = number;
  while (rest >= 32) {
    text += alphabet.charAt(32 + (rest % 32));
    rest = Math.floor(rest / 32);
  }
  return text + alphabet.charAt(rest);
}

/** Reads packed numbers one after the other. @throws RangeError where the text ends early or holds another character. */
export class PackedReader {
  readonly #text: string;
  #next = 0;

  constructor(text: string) {
    this.#text = text;
  }

  characters(length: number): string {
    const read = this.#text.slice(this.#next, this.#next + length);
    if (read.length < length) throw new RangeError("a packed text ends early");
    this.#next += length;
    return read;
  }

  number(): number {
    let number = 0;
    for (let place = 1; ; place *= 32) {
      const digit = digitOf.get(this.characters(1));
      if (digit === undefined || place > 2 ** 50)
        throw new RangeError("a packed text holds no number where one is due");
      number += (digit % 32) * place;
      if (digit < 32) return number;
    }
  }
}
