import type { ProgressEvent } from "../../core/progress.js";
import { percent, size } from "./wording.js";

type Transfer = Extract<ProgressEvent, { type: "transfer" }>;

/** No rate is said before: it would jump. Seconds. */
const settled = 0.5;

/** The bar of one transfer: `███████░░░░░░░░░░░░░  36%  12.3 MB of 34.0 MB  4.2 MB/s`. */
export class TransferBar {
  readonly #firstBytes: number;
  readonly #startedAt = performance.now();
  #bytes = 0;
  #totalBytes = 0;

  /** @param firstBytes - Moved before, or found in place: not part of the rate. */
  constructor(firstBytes: number) {
    this.#firstBytes = firstBytes;
  }

  update({ bytes, totalBytes }: Transfer): void {
    this.#bytes = bytes;
    this.#totalBytes = totalBytes;
  }

  /** As much of it as goes into so many columns, the most important first. */
  text(columns: number): string {
    const share = `${percent(this.#bytes, this.#totalBytes)}%`.padStart(4);
    const sizes = `  ${size(this.#bytes)} of ${size(this.#totalBytes)}`;
    const rate = this.#rate();
    const forms = [bar(this.#bytes, this.#totalBytes, 20) + share + sizes + rate, share + sizes + rate, share + sizes];
    return forms.find((form) => form.length <= columns) ?? share.slice(0, columns);
  }

  #rate(): string {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return seconds < settled ? "" : `  ${size(Math.round((this.#bytes - this.#firstBytes) / seconds))}/s`;
  }
}

function bar(bytes: number, totalBytes: number, columns: number): string {
  const filled = Math.min(columns, totalBytes === 0 ? columns : Math.floor((columns * bytes) / totalBytes));
  return "█".repeat(filled) + "░".repeat(columns - filled);
}
