import { badRequest } from "./storage-error.js";

/** A `multipart/related` upload: what it says of the object, then the content, still arriving. */
export interface MultipartUpload {
  metadata: unknown;
  contentType: string | undefined;
  content: AsyncIterable<Buffer>;
}

const maxHeaderBytes = 1024 * 1024;

/**
 * Reads a `multipart/related` body (RFC 2387) of two parts, the second in constant memory.
 *
 * @throws StorageError 400 for a body that is not one.
 */
export async function readMultipart(contentTypeHeader: string, body: AsyncIterable<Buffer>): Promise<MultipartUpload> {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentTypeHeader);
  const delimiter = boundary?.[1] ?? boundary?.[2];
  if (!delimiter) throw badRequest("The Content-Type of a multipart upload has no boundary.");
  const source = new Source(body);
  // as if a line break came before the first delimiter too, so that all of them look the same
  source.unshift(Buffer.from("\r\n"));
  const separator = Buffer.from(`\r\n--${delimiter}`);
  await source.readUntil(separator);
  await readPartHeaders(source);
  const text = (await source.readUntil(separator)).toString("utf8");
  const { contentType } = await readPartHeaders(source);
  return { metadata: parseMetadata(text), contentType, content: source.streamUntil(separator) };
}

async function readPartHeaders(source: Source): Promise<{ contentType: string | undefined }> {
  const text = (await source.readUntil(Buffer.from("\r\n\r\n"))).toString("latin1");
  if (text.startsWith("--")) throw badRequest("A multipart upload has two parts: metadata, then content.");
  return { contentType: /^content-type:\s*(.+?)\s*$/im.exec(text)?.[1] };
}

function parseMetadata(text: string): unknown {
  try {
    return JSON.parse(text.trim() || "{}") as unknown;
  } catch {
    throw badRequest("The first part of the upload is not JSON.", "parseError");
  }
}

/** Bytes as they come, and what of them has not been used yet. */
class Source {
  readonly #iterator: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(body: AsyncIterable<Buffer>) {
    this.#iterator = body[Symbol.asyncIterator]();
  }

  unshift(bytes: Buffer): void {
    this.#pending = Buffer.concat([bytes, this.#pending]);
  }

  /** What comes before `mark`, which is dropped. */
  async readUntil(mark: Buffer): Promise<Buffer> {
    for (;;) {
      const found = this.#pending.indexOf(mark);
      if (found !== -1) return this.#take(found, mark.length);
      if (this.#pending.length > maxHeaderBytes) throw badRequest("A part of the upload has too long a header.");
      await this.#more();
    }
  }

  /** The same as a stream. What follows the mark is read and dropped. */
  async *streamUntil(mark: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const found = this.#pending.indexOf(mark);
      if (found !== -1) {
        yield this.#take(found, mark.length);
        while (!(await this.#iterator.next()).done);
        return;
      }
      // the end may be the beginning of the mark
      const safe = this.#pending.length - mark.length + 1;
      if (safe > 0) yield this.#take(safe, 0);
      await this.#more();
    }
  }

  #take(length: number, dropped: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length + dropped);
    return taken;
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#iterator.next();
    if (done) throw badRequest("The multipart upload ends before its closing boundary.");
    this.#pending = this.#pending.length === 0 ? value : Buffer.concat([this.#pending, value]);
  }
}
