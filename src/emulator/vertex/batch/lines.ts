import type { Readable } from "node:stream";

const lineFeed = 0x0a;

/** One line of a file, without its end; `tooLong` where it is not kept because of its length. */
export type Line = { text: string } | { tooLong: number };

/**
 * The lines of a UTF-8 text that are not blank, in constant memory. Only a line feed, with or without a carriage return
 * before it, ends a line: JSON may hold the other line separators of Unicode.
 *
 * @param longest Bytes; what is longer is read over, and its length given.
 */
export async function* linesOf(content: Readable, longest: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer) => {
    length += part.length;
    if (length <= longest) parts.push(part);
    else parts = [];
  };
  const take = (): Line | undefined => {
    const line: Line = length > longest ? { tooLong: length } : { text: textOf(Buffer.concat(parts)) };
    parts = [];
    length = 0;
    return "text" in line && line.text.trim() === "" ? undefined : line;
  };
  for await (const chunk of content as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line) yield line;
    }
    add(chunk.subarray(start));
  }
  const last = take();
  if (last) yield last;
}

function textOf(line: Buffer): string {
  return line
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .replace(/\r$/, "");
}
