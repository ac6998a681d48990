import type { OnProgress } from "../core/progress.js";

/** Adds up what the files of one upload have sent, and reports the sum. */
export class TransferProgress {
  #bytes = 0;
  #files = 0;

  /** @param total - Over all files; bytes. */
  constructor(
    private readonly report: OnProgress,
    private readonly total: { bytes: number; files: number },
  ) {}

  /** Follows one file of `size` bytes. What a retry sends again is not counted twice. */
  follow(size: number): FileProgress {
    let counted = 0;
    const count = (bytes: number) => {
      const more = Math.max(0, Math.min(bytes, size) - counted);
      counted += more;
      this.#bytes += more;
      return more;
    };
    return {
      sent: (bytes) => {
        if (count(bytes) > 0) this.#tell();
      },
      done: () => {
        count(size);
        this.#files += 1;
        this.#tell();
      },
    };
  }

  #tell(): void {
    this.report({
      type: "transfer",
      step: "upload",
      bytes: this.#bytes,
      totalBytes: this.total.bytes,
      files: this.#files,
      totalFiles: this.total.files,
    });
  }
}

export interface FileProgress {
  /** So many bytes of the file were sent so far. */
  sent(bytes: number): void;
  /** The file is there: sent, or found in place. */
  done(): void;
}
