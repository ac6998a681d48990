/**
 * How long a server is waited for: until the whole answer is there, or until it says something, or takes something, again.
 */
export interface Limit {
  milliseconds: number;
  of: "answer" | "silence";
}

/** The most that a server is given at once, so that a slow line is told from silence. Bytes. */
const piece = 256 * 1024;

/** Stops what waits for a server for too long. */
export class Patience {
  readonly #limit: Limit;
  readonly #tooLong: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(limit: Limit, tooLong: () => void) {
    this.#limit = limit;
    this.#tooLong = tooLong;
    this.#begin();
  }

  /** The server has said something, or taken it. */
  heard(): void {
    if (this.#limit.of === "silence") this.#begin();
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** A body whose parts the server takes: the time that its source takes over one is no silence of the server's. */
  async *around(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.#pause();
    try {
      for await (const part of body) {
        for (let at = 0; at < part.length; at += piece) {
          this.heard();
          yield part.subarray(at, at + piece);
        }
        this.#pause();
      }
    } finally {
      this.heard();
    }
  }

  #begin(): void {
    clearTimeout(this.#timer);
    if (!this.#isOver) this.#timer = setTimeout(this.#tooLong, this.#limit.milliseconds);
  }

  #pause(): void {
    if (this.#limit.of === "silence") clearTimeout(this.#timer);
  }
}
