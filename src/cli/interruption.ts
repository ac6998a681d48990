/** Runners such as npx pass a Ctrl-C on that the terminal has sent already: the two come within milliseconds. */
const sameCtrlCMs = 200;

/** What the signals of the operating system do: the first asks the command to stop, a second one does not wait for that. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #exitAtOnce: () => void;
  #firstAt = 0;

  constructor(exitAtOnce: () => void) {
    this.#exitAtOnce = exitAtOnce;
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A signal has come. */
  interrupt(): void {
    const now = performance.now();
    if (!this.signal.aborted) {
      this.#firstAt = now;
      this.#controller.abort();
    } else if (now - this.#firstAt > sameCtrlCMs) {
      this.#exitAtOnce();
    }
  }
}
