import { type FileHandle, open } from "node:fs/promises";

/** Bytes that are gathered before they are written: a write is a trip to another thread, whatever its size. */
const writeBytes = 1024 * 1024;

/** A file that is written from its end on, in few large writes. One is under way while the next is gathered. */
export class GrowingFile {
  readonly #handle: FileHandle;
  #written: number;
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#written = size;
  }

  /** Opens the file at `path`, made if it is missing. @param size What is after so many bytes is dropped. */
  static async open(path: string, size = 0): Promise<GrowingFile> {
    const handle = await open(path, "a");
    if (size > 0 || (await handle.stat()).size > 0) await handle.truncate(size);
    return new GrowingFile(handle, size);
  }

  /** How many bytes are in the file by now. */
  get written(): number {
    return this.#written;
  }

  async add(chunk: Buffer): Promise<void> {
    this.#gathered.push(chunk);
    this.#gatheredBytes += chunk.length;
    if (this.#gatheredBytes >= writeBytes) await this.#flush();
  }

  /** Writes what is left. The file is closed even if that fails. */
  async close(): Promise<void> {
    try {
      await this.#flush();
      await this.#writing;
    } finally {
      await this.#handle.close();
    }
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const chunks = this.#gathered;
    const bytes = this.#gatheredBytes;
    if (bytes === 0) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#writing = this.#write(chunks, bytes);
    // whoever comes next gets the error
    this.#writing.catch(() => {});
  }

  async #write(chunks: Buffer[], bytes: number): Promise<void> {
    let written = (await this.#handle.writev(chunks)).bytesWritten;
    this.#written += written;
    if (written === bytes) return;
    // a disk that is nearly full takes part of it, and then says so
    const all = Buffer.concat(chunks);
    while (written < bytes) {
      const { bytesWritten } = await this.#handle.write(all, written);
      written += bytesWritten;
      this.#written += bytesWritten;
    }
  }
}
