import type { CliIo } from "../command.js";
import { textWidth } from "../output/text-width.js";

const hideCursor = "\u001B[?25l";
const showCursor = "\u001B[?25h";
const eraseBelow = "\u001B[J";

/** Lines at the bottom of a terminal that are drawn over and over; lines to keep go above them. */
export class RedrawnLines {
  readonly #io: Pick<CliIo, "draw" | "columns">;
  #drawn: readonly string[] = [];
  #cursorIsHidden = false;

  constructor(io: Pick<CliIo, "draw" | "columns">) {
    this.#io = io;
  }

  /** Draws the lines in place of those before. */
  redraw(lines: readonly string[]): void {
    if (lines.length === 0 && this.#drawn.length === 0) return;
    this.#draw([], lines);
  }

  /** Puts lines that stay above, and draws the others below them. */
  keep(kept: readonly string[], lines: readonly string[]): void {
    this.#draw(kept, lines);
  }

  /** Takes the redrawn lines away, and gives the cursor back. */
  end(): void {
    if (this.#drawn.length > 0) this.#io.draw(this.#erase());
    this.#drawn = [];
    if (this.#cursorIsHidden) this.#io.draw(showCursor);
    this.#cursorIsHidden = false;
  }

  /**
   * One write a frame, so that nothing flickers. The cursor rests at the start of the last line: the `^C` that a terminal shows of
   * a Ctrl-C would otherwise wrap a full line, and one would be missed by the next erasure.
   */
  #draw(kept: readonly string[], lines: readonly string[]): void {
    const hide = this.#cursorIsHidden ? "" : hideCursor;
    this.#cursorIsHidden = true;
    this.#io.draw(hide + this.#erase() + kept.map((line) => `${line}\n`).join("") + `${lines.join("\n")}\r`);
    this.#drawn = lines;
  }

  /** From the first line on. A terminal that was made narrower since has wrapped those above the cursor. */
  #erase(): string {
    const columns = this.#io.columns() ?? Number.POSITIVE_INFINITY;
    const above = this.#drawn.slice(0, -1);
    const rows = above.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
    return `\r${rows > 0 ? `\u001B[${rows}A` : ""}${eraseBelow}`;
  }
}
