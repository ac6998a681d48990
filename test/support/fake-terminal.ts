import { PassThrough } from "node:stream";

import { textWidth } from "../../src/cli/output/text-width.js";

/** A terminal that keeps what it shows: it obeys line ends, the movements and erasures that the program uses, and wraps. */
export class FakeTerminal {
  /** What a person types: `stdin.write("y\n")`, or `stdin.end()` for Ctrl-D. */
  readonly stdin = new PassThrough();
  /** Everything that was written, with escape sequences. */
  written = "";
  cursorIsHidden = false;
  readonly #rows: string[] = [""];
  #row = 0;

  constructor(public columns = 100) {}

  /** The lines that can be seen, without those at the end that are empty. */
  get screen(): string[] {
    return this.#rows
      .map((row) => row.trimEnd())
      .join("\n")
      .trimEnd()
      .split("\n");
  }

  write(text: string): void {
    this.written += text;
    // oxlint-disable-next-line no-control-regex
    for (const [part] of text.matchAll(/\u001B\[\??\d*[A-Za-z]|[\r\n]|[^\r\n\u001B]+/g)) this.#obey(part);
  }

  #obey(part: string): void {
    if (part === "\n") this.#down();
    else if (part === "\r") this.#returned = true;
    else if (part === "\u001B[?25l") this.cursorIsHidden = true;
    else if (part === "\u001B[?25h") this.cursorIsHidden = false;
    else if (part.endsWith("A")) this.#row = Math.max(0, this.#row - Number(part.slice(2, -1)));
    else if (part === "\u001B[J") this.#eraseBelow();
    else if (!part.endsWith("m") || !part.startsWith("\u001B")) this.#print(part);
  }

  /** Whether the cursor is at the start of a row that is not empty. */
  #returned = false;

  #down(): void {
    this.#row += 1;
    this.#rows[this.#row] ??= "";
    this.#returned = false;
  }

  #eraseBelow(): void {
    this.#rows.length = this.#row + 1;
    if (this.#returned) this.#rows[this.#row] = "";
  }

  #print(text: string): void {
    if (this.#returned) this.#rows[this.#row] = "";
    this.#returned = false;
    for (const character of text) {
      if (textWidth(`${this.#rows[this.#row]}${character}`) > this.columns) this.#down();
      this.#rows[this.#row] += character;
    }
  }
}
