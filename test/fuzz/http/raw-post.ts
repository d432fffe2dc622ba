import { connect } from "node:net";

export interface RawAnswer {
  /** null: the connection was closed without one. */
  readonly status: number | null;
  readonly body: string;
}

const answerMsMax = 40_000;

/** Sends bytes as they are, which no HTTP client would, and reads one answer. */
export function sendRaw(url: string, bytes: Uint8Array): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setTimeout(answerMsMax, () => socket.destroy(new Error(`no answer in ${answerMsMax} ms`)));
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // What is still being sent when the answer has come is of no interest.
    socket.on("error", (error) => (chunks.length > 0 ? resolve(read(chunks)) : reject(error)));
    socket.on("close", () => resolve(read(chunks)));
  });
}

function read(chunks: readonly Buffer[]): RawAnswer {
  const text = Buffer.concat(chunks).toString("latin1");
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
  const at = text.indexOf("\r\n\r\n");
  return { status: status === undefined ? null : Number(status), body: at === -1 ? "" : text.slice(at + 4) };
}

export interface HttpPost {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An ordinary request, on a connection of its own. */
export function bytesOf({ path, headers, body }: HttpPost): Uint8Array {
  const lines = [
    `POST ${path} HTTP/1.1`,
    "host: hooks.example.com",
    "connection: close",
    `content-length: ${body.byteLength}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

/** A header's value as it arrives when HTTP has carried it: one byte a character, no control characters, no spaces around it. */
export function carried(value: string): string {
  return Array.from(value, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code > 255) return "?";
    return code < 32 || code === 127 ? "_" : character;
  })
    .join("")
    .replace(/^[ \t]+|[ \t]+$/g, "");
}
