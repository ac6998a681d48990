import type { UploadFile } from "../core/services.js";
import { type Answer } from "../http/exchange.js";
import { AnswerError, contentOf } from "./answer-error.js";

/** What matters of an object, once it is there. */
export interface ObjectResource {
  generation: string;
  /** Bytes. */
  size: number;
  /** Base64 of the big-endian CRC32C; null for what has none. */
  crc32c: string | null;
}

/** An object of the JSON API, of the client library or of an answer. @throws AnswerError for what is none. */
export function objectResource(content: unknown): ObjectResource {
  const { generation, size, crc32c } = (typeof content === "object" && content !== null ? content : {}) as Record<
    string,
    unknown
  >;
  const isObject = /^\d+$/.test(String(generation)) && /^\d+$/.test(String(size));
  if (!isObject) throw new AnswerError(502, "the answer is no object of Cloud Storage");
  return {
    generation: String(generation),
    size: Number(size),
    crc32c: typeof crc32c === "string" ? crc32c : null,
  };
}

/** The object that an answer describes. @throws AnswerError for one that is an error, or describes none. */
export function answeredObject(answer: Answer): ObjectResource {
  return objectResource(contentOf(answer));
}

/** Whether an object is a file, by size and checksum; by its size alone where the checksum is not known. */
export function isSame(
  object: Pick<ObjectResource, "size" | "crc32c">,
  { size, crc32c }: Pick<UploadFile, "size" | "crc32c">,
): boolean {
  return (crc32c === null || object.crc32c === crc32c) && size !== null && object.size === size;
}
