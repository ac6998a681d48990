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
      const held = possibleStart(this.#pending, mark);
      if (held < this.#pending.length) yield this.#take(this.#pending.length - held, 0);
      const end = this.#pending;
      const next = await this.#next();
      const isPlain = next.length > mark.length && !Buffer.concat([end, next.subarray(0, mark.length)]).includes(mark);
      // what is large is not copied for the few bytes before it
      if (isPlain && held > 0) yield end;
      this.#pending = isPlain || held === 0 ? next : Buffer.concat([end, next]);
    }
  }

  #take(length: number, dropped: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length + dropped);
    return taken;
  }

  async #more(): Promise<void> {
    const next = await this.#next();
    this.#pending = this.#pending.length === 0 ? next : Buffer.concat([this.#pending, next]);
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#iterator.next();
    if (done) throw badRequest("The multipart upload ends before its closing boundary.");
    return value;
  }
}

/** How many bytes at the end may be the beginning of the mark. */
function possibleStart(bytes: Buffer, mark: Buffer): number {
  const end = bytes.subarray(Math.max(0, bytes.length - mark.length + 1));
  const start = end.indexOf(mark[0]!);
  return start === -1 ? 0 : end.length - start;
}
