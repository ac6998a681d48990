import type { EmulatorRequest, EmulatorResponse } from "../http.js";
import { parseHashHeader } from "./digest.js";
import type { DiskObjectStore } from "./disk-store.js";
import { parseObject } from "./object-settings.js";
import { parsePreconditions, requirePreconditions } from "./preconditions.js";
import type { ResumableSession, ResumableSessions } from "./resumable-sessions.js";
import { badRequest, StorageError } from "./storage-error.js";
import { objectName, uploadSettings } from "./upload-target.js";
import { baseUrl, objectToWire } from "./wire.js";

/** Chunks are multiples of this, but for the last ("Resumable uploads"). */
const chunkUnit = 256 * 1024;

/** The first request: answers with the place to send the content to. */
export async function beginResumable(
  store: DiskObjectStore,
  sessions: ResumableSessions,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  const described = parseObject(await request.json());
  const bucket = request.param("bucket");
  const name = objectName(request, described);
  const conditions = parsePreconditions(request.query);
  requirePreconditions(conditions, store.find(bucket, name));
  const contentType = request.headers["x-upload-content-type"];
  const settings = uploadSettings(request, described, typeof contentType === "string" ? contentType : undefined);
  const checksums = { ...described.checksums, ...parseHashHeader(request.headers["x-goog-hash"]) };
  const id = sessions.begin({ bucket, name, settings, checksums, conditions });
  const location = `${baseUrl(request)}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
  return { headers: { location, "x-guploader-uploadid": id } };
}

/** A chunk, the whole content, or the question how much has come (`bytes *\/N`). */
export async function continueResumable(
  store: DiskObjectStore,
  sessions: ResumableSessions,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  const id = request.query.get("upload_id") ?? "";
  const session = sessions.find(id);
  if (!session) throw new StorageError(404, "NOT_FOUND", "notFound", "The upload session was not found.");
  if (session.object) return { json: objectToWire(session.object, baseUrl(request)) };
  const range = parseContentRange(request.headers["content-range"]);
  if (range.start !== undefined) {
    requireNext(range.start, session);
    requireWholeUnits(range);
    await session.append(request.stream);
  }
  const { received } = session;
  const total = range.total ?? (range.openEnded ? received : undefined);
  if (total === undefined || received < total) return incomplete(received);
  try {
    if (received > total) throw badRequest(`The upload holds ${received} bytes, more than the ${total} announced.`);
    const object = await session.finish(store, parseHashHeader(request.headers["x-goog-hash"]));
    return { json: objectToWire(object, baseUrl(request)) };
  } finally {
    sessions.end(id);
  }
}

/** Gives an upload up. Cloud Storage answers 499. */
export async function cancelResumable(
  sessions: ResumableSessions,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  sessions.end(request.query.get("upload_id") ?? "");
  return { status: 499 };
}

interface ContentRange {
  /** Absent in a question about the state. */
  start?: number;
  end?: number;
  /** The size of the whole object, if the sender knows it. */
  total?: number;
  /** Everything from `start` on is in this request, however much it is. */
  openEnded: boolean;
}

/** `bytes 0-262143/*`, `bytes 0-*\/*` (which Node's client sends), `bytes *\/N`, or none for all at once. */
function parseContentRange(header: string | string[] | undefined): ContentRange {
  if (header === undefined) return { start: 0, openEnded: true };
  const match = /^bytes (?:\*|(\d+)-(\d+|\*))\/(\d+|\*)$/.exec(String(header));
  if (!match) throw badRequest(`Failed to parse Content-Range header: ${String(header)}`);
  const [, start, end, total] = match;
  return {
    ...(start === undefined ? {} : { start: Number(start) }),
    ...(end === undefined || end === "*" ? {} : { end: Number(end) }),
    ...(total === "*" ? {} : { total: Number(total) }),
    openEnded: end === "*",
  };
}

function requireNext(start: number, session: ResumableSession): void {
  if (start === session.received) return;
  throw new StorageError(
    503,
    "UNAVAILABLE",
    "backendError",
    `Invalid request. According to the Content-Range header, the upload offset is ${start} byte(s), while the service has ${session.received} byte(s).`,
  );
}

function requireWholeUnits({ end, total }: ContentRange): void {
  if (end === undefined || end + 1 === total) return;
  if ((end + 1) % chunkUnit !== 0) throw badRequest("Every chunk but the last has to be a multiple of 256 KiB.");
}

function incomplete(received: number): EmulatorResponse {
  return { status: 308, headers: received > 0 ? { range: `bytes=0-${received - 1}` } : {} };
}
