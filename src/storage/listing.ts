import type { Bucket, FileMetadata, GetFilesOptions } from "@google-cloud/storage";

import { untilCancelled } from "./cancellation.js";

/** The objects whose names begin with `prefix`, over all pages. */
export async function* listObjects(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<FileMetadata> {
  let query: GetFilesOptions | null = { prefix, autoPaginate: false, maxResults: 1000 };
  while (query) {
    const page: GetFilesOptions = query;
    const [objects, next] = await untilCancelled(() => bucket.getFiles(page), signal, `Listing gs://${bucket.name}`);
    for (const object of objects) yield object.metadata;
    query = next; // null after the last page, whatever its type says
  }
}
