import type { EmulatorRequest, EmulatorResponse, Route } from "../http.js";
import { parseHashHeader, requireChecksums } from "./digest.js";
import type { DiskObjectStore } from "./disk-store.js";
import { readMultipart } from "./multipart.js";
import { type ObjectDescription, parseObject } from "./object-settings.js";
import { parsePreconditions, requirePreconditions } from "./preconditions.js";
import type { ResumableSessions } from "./resumable-sessions.js";
import { beginResumable, cancelResumable, continueResumable } from "./resumable-upload.js";
import { requiredParameter, StorageError } from "./storage-error.js";
import { objectName, uploadSettings } from "./upload-target.js";
import { baseUrl, objectToWire } from "./wire.js";

/** `objects.insert`: an upload in one request with or without metadata, or a resumable one. */
export function uploadRoutes(store: DiskObjectStore, sessions: ResumableSessions): Route[] {
  const pattern = /^(?:\/resumable)?\/upload(?:\/storage\/v1)?\/b\/(?<bucket>[^/]+)\/o$/;
  const route = (method: string, handle: (request: EmulatorRequest) => Promise<EmulatorResponse>): Route => ({
    method,
    pattern,
    handle,
    toError: (error) => StorageError.from(error),
  });
  return [
    route("POST", async (request) => {
      store.bucket(request.param("bucket"));
      switch (request.query.get("uploadType")) {
        case "multipart":
          return uploadMultipart(store, request);
        case "media":
          return uploadMedia(store, request);
        case "resumable":
          return request.query.has("upload_id")
            ? continueResumable(store, sessions, request)
            : beginResumable(store, sessions, request);
        default:
          throw requiredParameter("uploadType");
      }
    }),
    route("PUT", (request) => continueResumable(store, sessions, request)),
    route("DELETE", (request) => cancelResumable(sessions, request)),
  ];
}

async function uploadMultipart(store: DiskObjectStore, request: EmulatorRequest): Promise<EmulatorResponse> {
  const upload = await readMultipart(request.headers["content-type"] ?? "", request.chunks());
  const described = parseObject(upload.metadata);
  return receive(store, request, described, upload.content, upload.contentType);
}

async function uploadMedia(store: DiskObjectStore, request: EmulatorRequest): Promise<EmulatorResponse> {
  const described: ObjectDescription = { settings: {}, checksums: {} };
  return receive(store, request, described, request.chunks(), request.headers["content-type"]);
}

async function receive(
  store: DiskObjectStore,
  request: EmulatorRequest,
  described: ObjectDescription,
  content: AsyncIterable<Buffer>,
  contentType: string | undefined,
): Promise<EmulatorResponse> {
  const bucket = request.param("bucket");
  const name = objectName(request, described);
  const conditions = parsePreconditions(request.query);
  // said at once rather than after gigabytes; what counts is the check when it becomes an object
  requirePreconditions(conditions, store.find(bucket, name));
  const staged = await store.stage(content);
  try {
    requireChecksums(
      { ...described.checksums, ...parseHashHeader(request.headers["x-goog-hash"]) },
      { crc32c: staged.crc32c, md5Hash: staged.md5Hash ?? "" },
    );
    const settings = uploadSettings(request, described, contentType);
    return { json: objectToWire(store.commit(bucket, name, staged, settings, conditions), baseUrl(request)) };
  } finally {
    store.discard(staged);
  }
}
