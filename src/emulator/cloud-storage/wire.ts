import type { EmulatorRequest, EmulatorResponse, Route } from "../http.js";
import type { DiskObject } from "./object-journal.js";
import type { BucketResource, ObjectResource } from "./object-store.js";
import { StorageError } from "./storage-error.js";

/**
 * A route of Cloud Storage's JSON API. Its clients write the same path with and without `/storage/v1`, and Python's
 * downloads have `/download` before it.
 *
 * @param path The rest of the path, as a regular expression.
 */
export function storageRoute(
  method: string,
  path: string,
  handle: (request: EmulatorRequest) => Promise<EmulatorResponse>,
): Route {
  return {
    method,
    pattern: new RegExp(`^(?:/download)?(?:/storage/v1)?${path}$`),
    handle,
    toError: (error) => StorageError.from(error),
  };
}

/** Where the caller reaches the emulator. */
export function baseUrl(request: EmulatorRequest): string {
  return `http://${request.headers.host ?? "127.0.0.1"}`;
}

/** An object with its links. */
export function objectToWire(object: ObjectResource | DiskObject, base: string): Record<string, unknown> {
  const { at: _at, ...resource } = object as DiskObject;
  const path = `/storage/v1/b/${object.bucket}/o/${encodeURIComponent(object.name)}`;
  return {
    ...resource,
    selfLink: `${base}${path}`,
    mediaLink: `${base}/download${path}?generation=${object.generation}&alt=media`,
  };
}

/** A bucket with its link. */
export function bucketToWire(bucket: BucketResource, base: string): Record<string, unknown> {
  return { ...bucket, selfLink: `${base}/storage/v1/b/${bucket.name}` };
}
