import { Readable } from "node:stream";

import type { BucketResource, ByteRange, ObjectPath, ObjectResource, ObjectStore } from "./object-store.js";
import { objectNotFound, StorageError } from "./storage-error.js";

/** Objects in another server that speaks Cloud Storage's JSON API, such as fake-gcs-server. */
export class RemoteObjectStore implements ObjectStore {
  readonly #endpoint: string;

  /** @param endpoint Its URL, without `/storage/v1`. */
  constructor(endpoint: string) {
    this.#endpoint = endpoint.replace(/\/+$/, "");
  }

  async getBucket(bucket: string): Promise<BucketResource | undefined> {
    return this.#find<BucketResource>(`/storage/v1/b/${bucket}`);
  }

  async createBucket(bucket: string, options: { project: string; location: string }): Promise<BucketResource> {
    const path = `/storage/v1/b?project=${encodeURIComponent(options.project)}`;
    return this.#json<BucketResource>(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: bucket, location: options.location }),
    });
  }

  async list(bucket: string, prefix: string): Promise<ObjectResource[]> {
    const objects: ObjectResource[] = [];
    let pageToken = "";
    do {
      const query = new URLSearchParams({ prefix, ...(pageToken ? { pageToken } : {}) });
      const page = await this.#json<{ items?: ObjectResource[]; nextPageToken?: string }>(
        `/storage/v1/b/${bucket}/o?${query.toString()}`,
      );
      objects.push(...(page.items ?? []));
      pageToken = page.nextPageToken ?? "";
    } while (pageToken);
    return objects.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async stat(bucket: string, object: string, generation?: string): Promise<ObjectResource | undefined> {
    const query = generation === undefined ? "" : `?generation=${encodeURIComponent(generation)}`;
    return this.#find<ObjectResource>(`${objectPath(bucket, object)}${query}`);
  }

  async open(bucket: string, object: string, range?: ByteRange): Promise<Readable> {
    const headers: Record<string, string> = range ? { range: `bytes=${range.start}-${range.end}` } : {};
    const response = await this.#request(`${objectPath(bucket, object)}?alt=media`, { headers });
    if (response.status === 404) throw objectNotFound(bucket, object);
    await requireOk(response);
    return response.body ? Readable.fromWeb(response.body) : Readable.from([]);
  }

  async write(
    bucket: string,
    object: string,
    content: Readable | Buffer,
    contentType = "application/octet-stream",
  ): Promise<ObjectResource> {
    const query = new URLSearchParams({ uploadType: "media", name: object });
    return this.#json<ObjectResource>(`/upload/storage/v1/b/${bucket}/o?${query.toString()}`, {
      method: "POST",
      headers: { "content-type": contentType },
      body: Buffer.isBuffer(content) ? new Uint8Array(content) : Readable.toWeb(content),
      duplex: "half",
    });
  }

  async copy(from: ObjectPath, to: ObjectPath): Promise<ObjectResource> {
    const path = `${objectPath(from.bucket, from.object)}/rewriteTo/b/${to.bucket}/o/${encodeURIComponent(to.object)}`;
    let token = "";
    for (;;) {
      const query = token ? `?rewriteToken=${encodeURIComponent(token)}` : "";
      const step = await this.#json<{ done: boolean; rewriteToken?: string; resource?: ObjectResource }>(
        `${path}${query}`,
        { method: "POST", headers: { "content-type": "application/json" }, body: "{}" },
      );
      if (step.resource) return step.resource;
      token = step.rewriteToken ?? "";
    }
  }

  async delete(bucket: string, object: string): Promise<void> {
    const response = await this.#request(objectPath(bucket, object), { method: "DELETE" });
    if (response.status !== 404) await requireOk(response);
  }

  async #find<T>(path: string): Promise<T | undefined> {
    const response = await this.#request(path, {});
    if (response.status === 404) return undefined;
    await requireOk(response);
    return (await response.json()) as T;
  }

  async #json<T>(path: string, init: RequestInit & { duplex?: "half" } = {}): Promise<T> {
    const response = await this.#request(path, init);
    await requireOk(response);
    return (await response.json()) as T;
  }

  async #request(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.#endpoint}${path}`, init);
    } catch (error) {
      throw unreachable(error);
    }
  }
}

/** The storage endpoint does not answer. */
export function unreachable(error: unknown): StorageError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError(
    503,
    "UNAVAILABLE",
    "backendError",
    `The emulator's storage endpoint does not answer: ${reason}`,
  );
}

async function requireOk(response: Response): Promise<void> {
  if (response.ok) return;
  const text = await response.text();
  let message = text.slice(0, 200);
  try {
    message = (JSON.parse(text) as { error?: { message?: string } }).error?.message ?? message;
  } catch {
    // not every server answers an error in JSON
  }
  throw new StorageError(response.status, "UNKNOWN", "backendError", `The storage endpoint answered: ${message}`);
}

function objectPath(bucket: string, object: string): string {
  return `/storage/v1/b/${bucket}/o/${encodeURIComponent(object)}`;
}
