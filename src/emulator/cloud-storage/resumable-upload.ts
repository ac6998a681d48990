import type { EmulatorRequest, EmulatorResponse } from "../http.js";
import { type ContentRange, parseContentRange, requireLength, requireWholeUnits } from "./content-range.js";
import { parseHashHeader } from "./digest.js";
import type { DiskObjectStore } from "./disk-store.js";
import { parseObject } from "./object-settings.js";
import { parsePreconditions, requirePreconditions } from "./preconditions.js";
import type { ResumableSession, ResumableSessions, SessionTerms } from "./resumable-sessions.js";
import { badRequest, StorageError } from "./storage-error.js";
import { objectName, uploadSettings } from "./upload-target.js";
import { baseUrl, objectToWire } from "./wire.js";

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
  const size = parseLength(request.headers["x-upload-content-length"]);
  const terms = { bucket, name, settings, checksums, conditions, ...(size !== undefined && { size }) };
  const id = sessions.begin(terms);
  const location = `${baseUrl(request)}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
  return { headers: { location, "x-guploader-uploadid": id } };
}

/**
 * A chunk, the whole content, or the question how much has come (`bytes *\/N`). A request that writes breaks off one before it
 * that is still at work.
 */
export async function continueResumable(
  store: DiskObjectStore,
  sessions: ResumableSessions,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  const id = request.query.get("upload_id") ?? "";
  const range = parseContentRange(request.headers["content-range"]);
  let session = requireSession(sessions, id);
  if (session.object) return { json: objectToWire(session.object, baseUrl(request)) };
  requireSize(range, session.terms);
  if (range.start === undefined && session.isHeld) return incomplete(session.received);
  if (range.start !== undefined) {
    requireWholeUnits(range);
    const length = parseLength(request.headers["content-length"]);
    if (length !== undefined) requireLength(length, range);
  }
  while (session.isHeld) {
    await session.free();
    // it may be over since
    session = requireSession(sessions, id);
  }
  if (session.object) return { json: objectToWire(session.object, baseUrl(request)) };
  return session.hold(
    () => request.abandon(),
    async () => {
      requireRoom(range, session);
      if (!(await receive(session, range, request))) return incomplete(session.received);
      try {
        const object = await session.finish(store, parseHashHeader(request.headers["x-goog-hash"]));
        return { json: objectToWire(object, baseUrl(request)) };
      } finally {
        sessions.end(id);
      }
    },
  );
}

function requireSession(sessions: ResumableSessions, id: string): ResumableSession {
  const session = sessions.find(id);
  if (!session) throw new StorageError(404, "NOT_FOUND", "notFound", "The upload session was not found.");
  return session;
}

/** Takes in what a request has, which may be nothing. @returns Whether that is all of the object. */
async function receive(session: ResumableSession, range: ContentRange, request: EmulatorRequest): Promise<boolean> {
  const { start, end, total } = range;
  const { received } = session;
  if (start === undefined) return received === total;
  if (start > received) throw beyond(start, received);
  await session.append(request.chunks(), range);
  return end === undefined || end + 1 === total;
}

/** Gives an upload up. Cloud Storage answers 499. */
export async function cancelResumable(
  sessions: ResumableSessions,
  request: EmulatorRequest,
): Promise<EmulatorResponse> {
  const id = request.query.get("upload_id") ?? "";
  await sessions.find(id)?.free();
  sessions.end(id);
  return { status: 499 };
}

/** @throws StorageError 400 when an upload that was announced with one size is sent with another. */
function requireSize({ total }: ContentRange, { size }: SessionTerms): void {
  if (total === undefined || size === undefined || total === size) return;
  throw badRequest(`X-Upload-Content-Length was ${size}, and Content-Range says ${total}.`);
}

/** @throws StorageError 400 when more has come than there is to be. */
function requireRoom({ total }: ContentRange, { received }: ResumableSession): void {
  if (total === undefined || received <= total) return;
  throw badRequest(
    `Invalid request.  According to the Content-Range header, the final size of the upload is ${total} byte(s), which is less ` +
      `than already uploaded size of ${received} byte(s).`,
  );
}

function parseLength(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (!/^\d{1,15}$/.test(String(header))) throw badRequest(`No number of bytes: ${String(header)}`);
  return Number(header);
}

function beyond(start: number, received: number): StorageError {
  return new StorageError(
    503,
    "UNAVAILABLE",
    "backendError",
    `Invalid request.  According to the Content-Range header, the upload offset is ${start} byte(s), which exceeds already ` +
      `uploaded size of ${received} byte(s).`,
  );
}

function incomplete(received: number): EmulatorResponse {
  return { status: 308, headers: received > 0 ? { range: `bytes=0-${received - 1}` } : {} };
}
