import { statfs } from "node:fs/promises";

/** Bytes that this user can still write to the disk of a directory; null where that is not known. */
export async function freeSpace(directory: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    // a directory that is not there fails when it is written to, with its own reason
    return null;
  }
}
