/** Lets some things go on at once, as long as there are not too many, and they do not take too much memory together. */
export class Slots {
  readonly #most: { count: number; bytes: number };
  readonly #waiting: (() => boolean)[] = [];
  #count = 0;
  #bytes = 0;

  /** @param most - One that takes more bytes than all may goes alone. */
  constructor(most: { count: number; bytes: number }) {
    this.#most = most;
  }

  /** Does `work` when its turn has come, which is the turn in which it was asked for. */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#waiting.push(() => {
        const fits = this.#count < this.#most.count && this.#bytes + bytes <= this.#most.bytes;
        if (!fits && this.#count > 0) return false;
        this.#count += 1;
        this.#bytes += bytes;
        resolve();
        return true;
      });
      this.#next();
    });
    try {
      return await work();
    } finally {
      this.#count -= 1;
      this.#bytes -= bytes;
      this.#next();
    }
  }

  #next(): void {
    while (this.#waiting[0]?.()) this.#waiting.shift();
  }
}
