const MICROS_PER_MS = 1_000;
const OFFSET_MINUTES = -360;
const OFFSET_TEXT = "-06:00";

/** A time as LeafLink writes it: with microseconds and its own offset, `2026-06-10T15:15:03.776119-06:00`. */
export function textOf(micros: number): string {
  const localMs = Math.floor(micros / MICROS_PER_MS) + OFFSET_MINUTES * 60_000;
  const fraction = String(micros % MICROS_PER_MS).padStart(3, "0");
  return `${new Date(localMs).toISOString().slice(0, -1)}${fraction}${OFFSET_TEXT}`;
}

/** The microseconds of any ISO time since 1970; null when it is none. */
export function microsOf(text: string): number | null {
  const ms = Date.parse(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(ms)) return null;
  const finer = /\.\d{3}(?<micros>\d{1,3})/.exec(text)?.groups?.["micros"] ?? "";
  return ms * MICROS_PER_MS + Number(finer.padEnd(3, "0"));
}
