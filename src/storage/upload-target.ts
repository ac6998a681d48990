import type { Storage } from "@google-cloud/storage";

import type { ObjectTransport } from "./object-transport.js";

/** The object that a file is to become, and how it gets there. */
export interface UploadTarget {
  transport: ObjectTransport;
  retryOptions: Storage["retryOptions"];
  bucket: string;
  name: string;
  /** The object is written over this generation of it; `"0"` when there must be none. */
  generation: string;
  /** Stops it. */
  signal: AbortSignal;
  /** So many bytes were sent so far. */
  sent: (bytes: number) => void;
}

/** Path and query of an upload, below `/upload/storage/v1`. */
export function uploadPath({ bucket, name, generation }: UploadTarget, uploadType: "multipart" | "resumable"): string {
  const query = new URLSearchParams({ uploadType, name, ifGenerationMatch: generation });
  return `/b/${encodeURIComponent(bucket)}/o?${query.toString()}`;
}

/** Path of an object, below `/storage/v1`. */
export function resourcePath({ bucket, name }: { bucket: string; name: string }): string {
  return `/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(name)}`;
}
