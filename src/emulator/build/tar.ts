import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

/** What a build's source may unpack to: an archive is not to be trusted with the disk. */
const maxUnpackedBytes = 8 * 1024 ** 3;
const maxEntries = 100_000;
const maxNameBytes = 64 * 1024;

/** An archive that cannot, or must not, be unpacked. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

interface Header {
  name: string;
  size: number;
  mode: number;
  type: string;
}

/**
 * Unpacks a `.tar.gz` (POSIX.1-2001 ustar and pax, and GNU's long names) into a directory, in constant memory. Only
 * regular files and directories are taken, and no path leaves the directory.
 *
 * @throws ArchiveError for anything else, and for more than 8 GiB or 100,000 entries.
 */
export async function extractTarGz(archive: Readable, directory: string, signal: AbortSignal): Promise<void> {
  const gunzip = createGunzip();
  const unpacking = extract(new Blocks(gunzip), directory);
  // whichever of the two fails first ends the other
  unpacking.catch(() => gunzip.destroy());
  const reading = pipeline(archive, gunzip, { signal }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new ArchiveError(`the source is not a .tar.gz: ${error instanceof Error ? error.message : String(error)}`);
  });
  const [unpacked, read] = await Promise.allSettled([unpacking, reading]);
  if (unpacked.status === "rejected" && unpacked.reason instanceof ArchiveError) throw unpacked.reason;
  if (read.status === "rejected") throw read.reason;
  if (unpacked.status === "rejected") throw unpacked.reason;
}

async function extract(blocks: Blocks, directory: string): Promise<void> {
  let overrides: Partial<Header> = {};
  let bytes = 0;
  for (let entries = 0; ; entries++) {
    if (entries > maxEntries) throw new ArchiveError(`the source has more than ${maxEntries} entries`);
    const block = await blocks.read(512);
    // zeros end an archive, and so does the end of its bytes
    if (block.every((byte) => byte === 0)) break;
    const header: Header = { ...parseHeader(block), ...overrides };
    if ("xgL".includes(header.type)) {
      overrides = { ...overrides, ...parseOverrides(header, await blocks.readPadded(header.size)) };
      continue;
    }
    overrides = {};
    bytes += header.size;
    if (bytes > maxUnpackedBytes) throw new ArchiveError(`the source unpacks to more than ${maxUnpackedBytes} bytes`);
    await writeEntry(header, blocks, directory);
  }
  await blocks.drain();
}

async function writeEntry(header: Header, blocks: Blocks, directory: string): Promise<void> {
  const path = join(directory, safePath(header.name));
  if (header.type === "5") {
    await mkdir(path, { recursive: true });
    return;
  }
  if (header.type !== "0") {
    throw new ArchiveError(
      `"${header.name}" is neither a file nor a directory: the emulator takes no links or devices`,
    );
  }
  await mkdir(dirname(path), { recursive: true });
  const mode = header.mode & 0o111 ? 0o755 : 0o644;
  await pipeline(Readable.from(blocks.stream(header.size)), createWriteStream(path, { mode }));
}

function safePath(name: string): string {
  const path = posix.normalize(name);
  if (name.includes("\0") || posix.isAbsolute(path) || path === ".." || path.startsWith("../")) {
    throw new ArchiveError(`"${name}" leads out of the source's directory`);
  }
  return path;
}

function parseHeader(block: Buffer): Header {
  const text = (start: number, length: number) =>
    block
      .subarray(start, start + length)
      .toString("utf8")
      .replace(/\0.*$/s, "");
  const octal = (start: number, length: number) => {
    const value = Number.parseInt(text(start, length).trim() || "0", 8);
    if (Number.isNaN(value)) throw new ArchiveError("the source is not a tar archive");
    return value;
  };
  if (block.length < 512 || octal(148, 8) !== checksum(block))
    throw new ArchiveError("the source is not a tar archive");
  const prefix = text(257, 6) === "ustar" ? text(345, 155) : "";
  const name = prefix ? `${prefix}/${text(0, 100)}` : text(0, 100);
  const type = text(156, 1) || "0";
  return {
    name,
    size: checkedSize(octal(124, 12)),
    mode: octal(100, 8),
    type: type === "0" && name.endsWith("/") ? "5" : type,
  };
}

function checkedSize(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0)
    throw new ArchiveError("the source has an entry whose size is no number");
  return size;
}

function checksum(block: Buffer): number {
  return block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}

/** What a pax or GNU entry says about the one after it; a pax entry about the whole archive (`g`) says nothing of use. */
function parseOverrides(header: Header, data: Buffer): Partial<Header> {
  if (header.type === "L") return { name: data.toString("utf8").replace(/\0.*$/s, "") };
  if (header.type === "g") return {};
  const overrides: Partial<Header> = {};
  for (let at = 0; at < data.length;) {
    const length = Number.parseInt(data.subarray(at, at + 20).toString("latin1"), 10);
    if (!(length > 0)) throw new ArchiveError("the source has a broken pax header");
    const record = data.subarray(at, at + length - 1).toString("utf8");
    const [, key, value = ""] = /^\d+ ([^=]+)=(.*)$/s.exec(record) ?? [];
    if (key === "path") overrides.name = value;
    if (key === "size") overrides.size = checkedSize(Number(value));
    at += length;
  }
  return overrides;
}

/** The unpacked bytes, read as far as they are wanted. */
class Blocks {
  readonly #iterator: AsyncIterator<Buffer>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(source: Readable) {
    this.#iterator = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes, or fewer at the end. */
  async read(length: number): Promise<Buffer> {
    while (this.#pending.length < length && (await this.#more()));
    return this.#take(length);
  }

  /** So many bytes, and past the padding that follows. */
  async readPadded(length: number): Promise<Buffer> {
    if (length > maxNameBytes) throw new ArchiveError("the source has too long a header");
    const data = await this.read(length);
    await this.read(padding(length));
    return data;
  }

  /** So many bytes as a stream, and past the padding that follows. */
  async *stream(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      if (this.#pending.length === 0 && !(await this.#more())) throw new ArchiveError("the source ends too early");
      const chunk = this.#take(Math.min(left, this.#pending.length));
      left -= chunk.length;
      yield chunk;
    }
    await this.read(padding(length));
  }

  /** Reads what follows the archive's end, so that the stream before it can finish. */
  async drain(): Promise<void> {
    while (await this.#more()) this.#pending = Buffer.alloc(0);
  }

  #take(length: number): Buffer {
    const taken = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#iterator.next();
    if (done) return false;
    this.#pending = this.#pending.length === 0 ? value : Buffer.concat([this.#pending, value]);
    return true;
  }
}

function padding(length: number): number {
  return (512 - (length % 512)) % 512;
}
