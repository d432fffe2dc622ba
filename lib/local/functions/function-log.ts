import { closeSync, mkdirSync, openSync, renameSync, fstatSync, writeSync } from "node:fs";
import { join } from "node:path";

/** One function's lines, in `<folder>/<function>.log` and, before the last rotation, `<function>.log.1`. */
export interface FunctionLog {
  /** One line, without its line end; longer ones are cut. */
  writeLine(line: string): void;
  close(): void;
}

/** CloudWatch's bound for one event: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
export const lineCharactersMax = 256 * 1024;

export interface FunctionLogOptions {
  readonly folder: string;
  readonly functionName: string;
  /** Bytes of one file; two are kept. */
  readonly fileBytesMax: number;
  readonly onLine: ((functionName: string, line: string) => void) | undefined;
}

export function openFunctionLog(options: FunctionLogOptions): FunctionLog {
  mkdirSync(options.folder, { recursive: true });
  const path = join(options.folder, `${options.functionName}.log`);
  let file = openSync(path, "a");
  let sizeBytes = fstatSync(file).size;
  let closed = false;

  function rotate(): void {
    closeSync(file);
    renameSync(path, `${path}.1`);
    file = openSync(path, "a");
    sizeBytes = 0;
  }

  return {
    writeLine(line) {
      if (closed) return;
      const kept = line.length > lineCharactersMax ? line.slice(0, lineCharactersMax) : line;
      const bytes = Buffer.from(`${kept}\n`);
      if (sizeBytes > 0 && sizeBytes + bytes.length > options.fileBytesMax) rotate();
      // Synchronous: a line that a crash is explained by must not sit in a buffer when the stack is killed.
      sizeBytes += writeSync(file, bytes);
      options.onLine?.(options.functionName, kept);
    },
    close() {
      if (closed) return;
      closed = true;
      closeSync(file);
    },
  };
}

/** Feeds chunks, gives whole lines; what stays without a line end for too long is given as it is. */
export function lineSplitter(onLine: (line: string) => void): { push(chunk: string): void; end(): void } {
  let rest = "";
  return {
    push(chunk) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
      if (rest.length < lineCharactersMax) return;
      onLine(rest);
      rest = "";
    },
    end() {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}
