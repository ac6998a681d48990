import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { UploadFile } from "../core/services.js";
import { untilCancelled } from "./cancellation.js";
import { NativeCrc32c } from "./checksums.js";

/**
 * The bytes of a file from the first to the last, read once, as far as they are asked for. They pass without being copied, and are
 * checked against what was known of the file.
 */
export class CheckedSource {
  readonly #file: UploadFile;
  readonly #signal: AbortSignal | undefined;
  readonly #parts: AsyncIterator<Uint8Array>;
  readonly #checksum = new NativeCrc32c();
  /** What was read and not given out yet. */
  #rest: Uint8Array = new Uint8Array();
  #read = 0;
  #isAtEnd = false;

  private constructor(file: UploadFile, signal: AbortSignal | undefined, parts: AsyncIterable<Uint8Array>) {
    this.#file = file;
    this.#signal = signal;
    this.#parts = parts[Symbol.asyncIterator]();
  }

  /**
   * Opens the file, and reads the first of it: what is opened and not read has nobody who hears of its failure.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` when the file cannot be read; that of `file.open`; `CANCELLED`, even where
   * the file does not heed the signal.
   */
  static async open(file: UploadFile, context: StepContext): Promise<CheckedSource> {
    const { signal } = context;
    const opening = () => readable(() => file.open(context), context);
    const source = new CheckedSource(file, signal, await untilCancelled(opening, signal, reading(file)));
    try {
      await source.isAtEnd();
      return source;
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** How many bytes were given out. */
  get position(): number {
    return this.#read - this.#rest.length;
  }

  /** The CRC32C of what was read: of the whole file, after {@link requireWhole}. */
  get crc32c(): string {
    return this.#checksum.toString();
  }

  /**
   * The bytes up to the one before `end`.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` for a file that is shorter; as {@link open}.
   */
  async *until(end: number): AsyncGenerator<Uint8Array> {
    while (this.position < end) {
      if (this.#rest.length === 0 && !(await this.#more())) throw this.#changed();
      const part = this.#rest.subarray(0, end - this.position);
      this.#rest = this.#rest.subarray(part.length);
      yield part;
    }
  }

  /** The next bytes, in one piece: as many as `length`, or what is left. */
  async take(length: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    const end = this.position + length;
    while (this.position < end && !(await this.isAtEnd())) {
      const part = this.#rest.subarray(0, end - this.position);
      this.#rest = this.#rest.subarray(part.length);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  /** Whether all was given out. */
  async isAtEnd(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#more());
  }

  /** Reads on to the end. @throws DeploymentError `FAILED_PRECONDITION` for other bytes than those that are known of the file. */
  async requireWhole(): Promise<void> {
    const { size, crc32c } = this.#file;
    const isWhole = (await this.isAtEnd()) && (size === null || this.#read === size);
    if (!isWhole || (crc32c !== null && crc32c !== this.crc32c)) throw this.#changed();
  }

  /** Nothing more is read. A read that is under way is not waited for: the signal that the file was opened with stops it. */
  close(): void {
    this.#isAtEnd = true;
    this.#parts.return?.().catch(() => {}); // what it failed with was told, or nobody asks
  }

  async #more(): Promise<boolean> {
    while (this.#rest.length === 0 && !this.#isAtEnd) {
      const { done = false, value } = await untilCancelled(() => this.#parts.next(), this.#signal, reading(this.#file));
      if (done) {
        this.#isAtEnd = true;
        break;
      }
      this.#checksum.update(value);
      this.#read += value.length;
      this.#rest = value;
    }
    return this.#rest.length > 0;
  }

  #changed(): DeploymentError {
    const { path, size } = this.#file;
    const known = size === null ? "" : ` of ${size} bytes`;
    return new DeploymentError(
      "FAILED_PRECONDITION",
      `"${path}" changed while it was deployed: it is no longer the file${known} that was found before. ` +
        "Run it again when nothing writes to the model.",
    );
  }
}

function reading({ path }: UploadFile): string {
  return `Reading ${path}`;
}

/** What a file's own errors mean for who uploads it. */
async function readable(
  open: () => Promise<AsyncIterable<Uint8Array>>,
  { signal }: StepContext,
): Promise<AsyncIterable<Uint8Array>> {
  const explained = (error: unknown): unknown => {
    if (DeploymentError.is(error) || signal?.aborted) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new DeploymentError("FAILED_PRECONDITION", `The file to upload cannot be read: ${reason}.`, {
      cause: error,
    });
  };
  try {
    const parts = await open();
    return (async function* () {
      try {
        yield* parts;
      } catch (error) {
        throw explained(error);
      }
    })();
  } catch (error) {
    throw explained(error);
  }
}
