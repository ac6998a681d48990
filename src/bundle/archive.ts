import { crc32 } from "@node-rs/crc32";
import { TarArchive } from "archiver";
import { buffer } from "node:stream/consumers";

/** A text file of the bundle. */
export interface BundleFile {
  /** Below the bundle's root folder, with `/`. */
  path: string;
  content: string;
}

/** The permission bits of every file. */
export const fileMode = 0o644;

/** Any fixed time serves; wheels are zip files, which know none before 1980. */
const modified = new Date("2000-01-01T00:00:00Z");

/**
 * `files` as a `.tar.gz` with the one root folder `root`. Equal files give equal bytes: neither the order they come in nor
 * clock, user, umask, Node version or processor is in them.
 */
export async function tarGz(root: string, files: readonly BundleFile[]): Promise<Buffer> {
  const archive = new TarArchive();
  for (const { path, content } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    archive.append(content, { name: `${root}/${path}`, date: modified, mode: fileMode, uid: 0, gid: 0 });
  }
  const [tar] = await Promise.all([buffer(archive), archive.finalize()]);
  return gzipStored(tar);
}

/** The most that the length field of a stored block can say. */
const blockSize = 0xffff;

/**
 * A gzip file (RFC 1952) of stored blocks (RFC 1951, 3.2.4). What a deflater makes of the same bytes depends on its version
 * and on the processor, and its header names the operating system; a bundle is too small for that to be worth the space.
 */
function gzipStored(data: Buffer): Buffer {
  // magic number, deflate, no flags, no time, no extra flags, operating system "unknown"
  const parts: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])];
  for (let start = 0; start < data.length; start += blockSize) {
    const block = data.subarray(start, start + blockSize);
    const header = Buffer.alloc(5);
    header.writeUInt8(start + blockSize < data.length ? 0 : 1);
    header.writeUInt16LE(block.length, 1);
    header.writeUInt16LE(~block.length & 0xffff, 3);
    parts.push(header, block);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data));
  trailer.writeUInt32LE(data.length, 4);
  return Buffer.concat([...parts, trailer]);
}
