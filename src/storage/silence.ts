/** The most that a server is given at once, so that a slow line is told from silence. Bytes. */
const piece = 256 * 1024;

/** Stops what waits for a server that says nothing. The time runs only while the server is waited for. */
export class Silence {
  readonly #milliseconds: number;
  readonly #tooLong: () => void;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(milliseconds: number, tooLong: () => void) {
    this.#milliseconds = milliseconds;
    this.#tooLong = tooLong;
  }

  /** It is the server's turn, from now on. */
  begin(): void {
    clearTimeout(this.#timer);
    if (!this.#isOver) this.#timer = setTimeout(this.#tooLong, this.#milliseconds);
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  /** A body whose parts the server takes: the time that its source takes over one is not the server's. */
  async *around(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    clearTimeout(this.#timer);
    try {
      for await (const part of body) {
        for (let at = 0; at < part.length; at += piece) {
          this.begin();
          yield part.subarray(at, at + piece);
        }
        clearTimeout(this.#timer);
      }
    } finally {
      this.begin();
    }
  }
}
