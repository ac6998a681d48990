import { crc32 } from "@node-rs/crc32";
import { TarArchive } from "archiver";
import { createReadStream, createWriteStream } from "node:fs";
import { Readable, Transform, type TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";

/** A file of the bundle. */
export type BundleFile = TextFile | CopiedFile;

/** One that is made here. */
export interface TextFile {
  /** Below the bundle's root folder, with `/`. */
  path: string;
  content: string;
}

/** One that is on this machine, as large as it may be. */
export interface CopiedFile {
  /** Below the bundle's root folder, with `/`. */
  path: string;
  localPath: string;
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  sha256: string;
}

/** The permission bits of every file. */
export const fileMode = 0o644;

/** Any fixed time serves; wheels are zip files, which know none before 1980. */
const modified = new Date("2000-01-01T00:00:00Z");

/**
 * Writes `files` as a `.tar.gz` with the one root folder `root`, in constant memory. Equal files give equal bytes: neither the
 * order they come in nor clock, user, umask, Node version or processor is in them.
 *
 * @param observe - Is given each piece of what is written.
 */
export async function writeTarGz(
  target: string,
  root: string,
  files: readonly BundleFile[],
  observe: (piece: Buffer) => void,
): Promise<void> {
  const archive = new TarArchive();
  const failures: Error[] = [];
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const entry = { name: `${root}/${file.path}`, date: modified, mode: fileMode, uid: 0, gid: 0 };
    if ("content" in file) archive.append(file.content, entry);
    else {
      const content = Readable.from(contentOf(file, failures), { objectMode: false });
      archive.append(content, { ...entry, stats: { size: file.size } });
    }
  }
  await Promise.all([pipeline(archive, new StoredGzip(observe), createWriteStream(target)), archive.finalize()]);
  const [failure] = failures;
  if (failure) throw failure;
}

/**
 * The content of a file, opened when its turn comes: there may be more files than a process may have open. It always has the
 * size that its header says, since archiver lets any other end the process; what went wrong is told in `failures`.
 */
async function* contentOf({ localPath, size }: CopiedFile, failures: Error[]): AsyncGenerator<Buffer> {
  let missing = size;
  try {
    for await (const chunk of createReadStream(localPath) as AsyncIterable<Buffer>) {
      yield chunk.subarray(0, missing);
      missing -= Math.min(missing, chunk.length);
      if (missing === 0) break;
    }
    if (missing > 0) throw new Error(`${localPath} was changed meanwhile: it is shorter than its ${size} bytes`);
  } catch (error) {
    failures.push(error instanceof Error ? error : new Error(String(error)));
  }
  for (; missing > 0; missing -= Math.min(missing, blockSize)) yield Buffer.alloc(Math.min(missing, blockSize));
}

/** The most that the length field of a stored block can say. */
const blockSize = 0xffff;

/**
 * What a zip file ends with, and so each wheel. pip takes a file with it in its last 64 KiB for a zip file, whatever it is called:
 * a block always ends within it.
 */
const endOfZip = Buffer.from("PK\u0005\u0006");

/**
 * Makes a gzip file (RFC 1952) of stored blocks (RFC 1951, 3.2.4). What a deflater makes of the same bytes depends on its
 * version and on the processor, and its header names the operating system; code is too small for that to be worth the space,
 * and wheels are deflated already.
 */
class StoredGzip extends Transform {
  readonly #observe: (piece: Buffer) => void;
  /** What is not in a block yet: at least one byte stays for the last block. */
  #rest: Buffer = Buffer.alloc(0);
  #checksum = 0;
  #size = 0;

  constructor(observe: (piece: Buffer) => void) {
    super();
    this.#observe = observe;
    // magic number, deflate, no flags, no time, no extra flags, operating system "unknown"
    this.#write(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]));
  }

  override _transform(data: Buffer, _encoding: string, done: TransformCallback): void {
    this.#checksum = crc32(data, this.#checksum);
    this.#size += data.length;
    let rest: Buffer = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    while (rest.length > blockSize) rest = this.#begin(rest);
    this.#rest = Buffer.from(rest);
    done();
  }

  override _flush(done: TransformCallback): void {
    let rest: Buffer = this.#rest;
    while (rest.includes(endOfZip)) rest = this.#begin(rest);
    this.#block(rest, true);
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#checksum);
    trailer.writeUInt32LE(this.#size % 2 ** 32, 4);
    this.#write(trailer);
    done();
  }

  /** Writes a block that is not the last one; what comes after it is returned. */
  #begin(rest: Buffer): Buffer {
    const found = rest.indexOf(endOfZip);
    const end = found === -1 ? blockSize : Math.min(found + 2, blockSize);
    this.#block(rest.subarray(0, end), false);
    return rest.subarray(end);
  }

  #block(content: Buffer, isLast: boolean): void {
    const header = Buffer.alloc(5);
    header.writeUInt8(isLast ? 1 : 0);
    header.writeUInt16LE(content.length, 1);
    header.writeUInt16LE(~content.length & 0xffff, 3);
    this.#write(header);
    this.#write(content);
  }

  #write(piece: Buffer): void {
    this.#observe(piece);
    this.push(piece);
  }
}
