import { DeploymentError } from "../core/errors.js";
import type { UploadFile } from "../core/services.js";
import { AnswerError } from "./answer-error.js";
import type { Attempts } from "./attempts.js";
import { CheckedSource } from "./checked-source.js";
import type { Answer } from "../http/exchange.js";
import { answeredObject, type ObjectResource } from "./object-resource.js";
import { requireSize } from "./upload-limit.js";
import { type UploadTarget, uploadPath } from "./upload-target.js";

/** What is not the last request of an upload ends at a multiple of this ("Resumable uploads"). Bytes. */
const unit = 256 * 1024;

/** How much of a file of unknown size is kept in memory, to know whether it is the last of it. Bytes. */
export const blindPart = 8 * 2 ** 20;

/** Told no more often than for so many bytes. */
const tellEvery = 2 ** 20;

/** What one request of an upload sends: the bytes from `source.position` on. */
interface Part {
  /** The position of the byte after its last. */
  end: number;
  body: Buffer | AsyncIterable<Uint8Array>;
  isLast: boolean;
}

/**
 * Sends an object that is too large for memory, by a session that goes on where it was when a request breaks.
 *
 * All but the end goes in one request, as it comes; the end, of at most 256 KiB, in another, which has the CRC32C of the whole in
 * `X-Goog-Hash`. So Cloud Storage makes an object only of bytes that have it, though nobody knew it before. (Google's own libraries
 * send it so: https://github.com/googleapis/python-storage/pull/1654.) Where the size is not known, parts go from memory.
 */
export class ResumableUpload {
  readonly #target: UploadTarget;
  readonly #attempts: Attempts;
  readonly #file: UploadFile;
  #session: string | undefined;
  /** How much Cloud Storage has; null when that is to be asked. */
  #received: number | null = 0;
  /** The most that it has ever had. */
  #furthest = 0;
  readonly #whole: (source: CheckedSource) => void;

  /** @param whole - Gets the source when all of it was read, and before its end is sent. */
  constructor(target: UploadTarget, attempts: Attempts, file: UploadFile, whole: (source: CheckedSource) => void) {
    this.#target = target;
    this.#attempts = attempts;
    this.#file = file;
    this.#whole = whole;
  }

  async run(): Promise<ObjectResource> {
    for (;;) {
      try {
        this.#session ??= await this.#begin();
        const done = this.#received === null ? await this.#ask(this.#session) : null;
        return done ?? (await this.#send(this.#session, this.#received ?? 0));
      } catch (error) {
        const isSessionLost = error instanceof SessionLost;
        if (isSessionLost) this.#session = undefined;
        this.#received = isSessionLost ? 0 : null;
        await this.#attempts.after(error);
      }
    }
  }

  async #begin(): Promise<string> {
    const { transport, signal } = this.#target;
    const { size, crc32c } = this.#file;
    const headers: Record<string, string> = {
      "content-type": "application/json; charset=UTF-8",
      "x-upload-content-type": "application/octet-stream",
      ...(size !== null && { "x-upload-content-length": String(size) }),
    };
    const body = JSON.stringify(crc32c === null ? {} : { crc32c });
    this.#received = 0;
    const answer = await transport.upload(uploadPath(this.#target, "resumable"), {
      method: "POST",
      headers,
      body,
      signal,
    });
    const { location } = answer.headers;
    if (answer.status !== 200 && answer.status !== 201) throw new AnswerError(answer.status, answer.body.toString());
    if (typeof location === "string" && /^https?:/i.test(location) && URL.canParse(location)) return location;
    throw new AnswerError(502, "the answer names no session for the upload");
  }

  /** Finds out how much is there. Gives the object when it is complete. */
  async #ask(session: string): Promise<ObjectResource | null> {
    const { transport, signal } = this.#target;
    const headers = { "content-range": `bytes */${this.#file.size ?? "*"}` };
    const answer = await transport.continue(session, { method: "PUT", headers, body: "", signal });
    if (answer.status !== 308) return finished(answer);
    this.#received = receivedOf(answer, this.#file);
    if (this.#received > this.#furthest) {
      this.#furthest = this.#received;
      this.#attempts.gotFurther();
    }
    return null;
  }

  /** Sends all from an offset on; the file is read from its beginning, for the checksum of all of it. */
  async #send(session: string, offset: number): Promise<ObjectResource> {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#target.signal, stop.signal]);
    let source: CheckedSource | undefined;
    try {
      source = await CheckedSource.open(this.#file, { report: () => {}, signal });
      for await (const _sentBefore of source.until(offset));
      for (;;) {
        const start = source.position;
        const part = await this.#nextPart(source);
        const answer = await this.#put(session, start, part, source);
        if (part.isLast && answer.status !== 308) return finished(answer);
        if (answer.status !== 308) throw unexpected(answer);
        this.#received = receivedOf(answer, this.#file);
        if (part.isLast || this.#received !== part.end) throw new IncompleteUpload();
      }
    } finally {
      stop.abort();
      source?.close();
    }
  }

  async #nextPart(source: CheckedSource): Promise<Part> {
    const { size } = this.#file;
    // the last part has at least one byte, and the one before it ends at a unit
    const lastUnit = size === null ? null : Math.floor((size - 1) / unit) * unit;
    if (lastUnit !== null && source.position < lastUnit) {
      return { end: lastUnit, body: source.until(lastUnit), isLast: false };
    }
    const body = await source.take(size === null ? blindPart : size - source.position);
    if (size === null) requireSize(source.position, this.#target);
    const isLast = size !== null || (await source.isAtEnd());
    if (isLast) {
      await source.requireWhole();
      this.#whole(source);
    }
    return { end: source.position, body, isLast };
  }

  async #put(session: string, start: number, { end, body, isLast }: Part, source: CheckedSource): Promise<Answer> {
    const { transport, signal, sent } = this.#target;
    const total = this.#file.size ?? (isLast ? end : "*");
    const headers = {
      "content-length": String(end - start),
      "content-range": end === start ? `bytes */${total}` : `bytes ${start}-${end - 1}/${total}`,
      ...(isLast && { "x-goog-hash": `crc32c=${source.crc32c}` }),
    };
    let failure: unknown;
    const told = Buffer.isBuffer(body) ? body : reported(body, start, sent, (error) => (failure = error));
    try {
      const answer = await transport.continue(session, { method: "PUT", headers, body: told, signal });
      if (Buffer.isBuffer(body) && answer.status < 400) sent(end);
      return answer;
    } catch (error) {
      // a request breaks when its file does, and says it in other words
      throw failure ?? error;
    }
  }
}

/** Passes bytes on, and says how many. */
async function* reported(
  body: AsyncIterable<Uint8Array>,
  start: number,
  sent: (bytes: number) => void,
  failed: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  let [position, told] = [start, start];
  try {
    for await (const part of body) {
      yield part;
      position += part.length;
      if (position - told < tellEvery) continue;
      told = position;
      sent(position);
    }
  } catch (error) {
    failed(error);
    throw error;
  }
}

/** Cloud Storage has not got what it was sent: that is sent again. */
class IncompleteUpload extends DeploymentError {
  constructor() {
    super("TEMPORARILY_UNAVAILABLE", "Cloud Storage has kept less than it was sent. Run it again later.");
  }
}

/** There is no such session any more: another is begun. */
class SessionLost extends DeploymentError {
  constructor() {
    super("TEMPORARILY_UNAVAILABLE", "Cloud Storage no longer knows the upload's session. Run it again later.");
  }
}

function finished(answer: Answer): ObjectResource {
  if (answer.status === 404 || answer.status === 410) throw new SessionLost();
  return answeredObject(answer);
}

function unexpected(answer: Answer): unknown {
  try {
    finished(answer);
  } catch (error) {
    return error;
  }
  return new AnswerError(502, "the upload was called complete before its end");
}

/** Bytes, of the `Range` of a 308: `bytes=0-N`; none for nothing. No more than the file has. */
function receivedOf({ headers: { range } }: Answer, { size }: UploadFile): number {
  if (range === undefined) return 0;
  const last = typeof range === "string" ? /^bytes=0-(\d+)$/.exec(range)?.[1] : undefined;
  const received = Number(last) + 1;
  if (received <= (size ?? Number.MAX_SAFE_INTEGER)) return received;
  throw new AnswerError(502, "the answer does not say how much of the file is there");
}
