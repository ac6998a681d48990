import type { Readable } from "node:stream";

/** The longest line that is kept whole, in characters; a child's output is untrusted, and memory bounded. */
const longestLine = 8192;

/** How many lines are kept for an error message. */
const keptLines = 1000;

/** The last lines of a child's output. */
export class LineRing {
  readonly #lines: string[] = [];

  /** Adds `line`, forgetting the oldest beyond a thousand. */
  push(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > keptLines) this.#lines.shift();
  }

  /** The last `count` lines, oldest first. */
  last(count: number): string[] {
    return count <= 0 ? [] : this.#lines.slice(-count);
  }
}

/** Calls `onLine` with each line of `stream`, without its end; a longer line than 8,192 characters comes in parts. */
export function splitLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) emitInParts(line, onLine);
    if (rest.length > longestLine) {
      emitInParts(rest, onLine);
      rest = "";
    }
  });
  stream.on("end", () => {
    if (rest) emitInParts(rest, onLine);
  });
}

function emitInParts(line: string, onLine: (line: string) => void): void {
  if (line.length <= longestLine) return onLine(line);
  for (let start = 0; start < line.length; start += longestLine) onLine(line.slice(start, start + longestLine));
}
