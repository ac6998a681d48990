import { rmSync } from "node:fs";

import { ContentDigest } from "./digest.js";
import { GrowingFile } from "./growing-file.js";

/** Content that has arrived but is no object yet. */
export interface StagedContent {
  /** The bytes of what is small, else the path of a file that becomes the object's. */
  content: Buffer | string;
  size: number;
  crc32c: string;
  /** Absent for a composed object, which has no MD5. */
  md5Hash?: string;
}

/** Bytes. Content of up to so many stays in memory, and is then kept beside the metadata. */
const smallContent = 64 * 1024;

/**
 * Takes content in while computing its checksums, in constant memory: to a file if it is not small. Content that breaks off
 * leaves nothing.
 */
export async function stageContent(chunks: AsyncIterable<Buffer>, path: string): Promise<StagedContent> {
  const digest = new ContentDigest();
  let small: Buffer[] = [];
  let file: GrowingFile | undefined;
  try {
    for await (const chunk of chunks) {
      digest.update(chunk);
      if (!file && digest.size > smallContent) {
        file = await GrowingFile.open(path);
        for (const each of small) await file.add(each);
        small = [];
      }
      if (file) await file.add(chunk);
      else small.push(chunk);
    }
    await file?.close();
  } catch (error) {
    if (file) {
      await file.close().catch(() => {});
      rmSync(path, { force: true });
    }
    throw error;
  }
  const content = file ? path : small.length === 1 ? small[0]! : Buffer.concat(small);
  return { content, size: digest.size, ...digest.checksums() };
}
