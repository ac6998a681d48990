import type { OnProgress } from "../core/progress.js";

/** Adds up what the files of one upload have sent, and reports the sum. */
export class TransferProgress {
  #bytes = 0;
  #files = 0;
  /** Of files whose size was not known before. */
  #found = 0;

  /** @param total - Over all files; bytes, as far as they are known. */
  constructor(
    private readonly report: OnProgress,
    private readonly total: { bytes: number; files: number },
  ) {}

  /** Follows one file of `size` bytes, null for as many as there come. What a retry sends again is not counted twice. */
  follow(size: number | null): FileProgress {
    let counted = 0;
    const count = (bytes: number) => {
      const more = Math.max(0, Math.min(bytes, size ?? bytes) - counted);
      counted += more;
      this.#bytes += more;
      if (size === null) this.#found += more;
      return more;
    };
    return {
      sent: (bytes) => {
        if (count(bytes) > 0) this.#tell();
      },
      done: () => {
        count(size ?? counted);
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
      totalBytes: this.total.bytes + this.#found,
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
