import { DeploymentError } from "../core/errors.js";
import type { UploadFile } from "../core/services.js";
import { AnswerError } from "./answer-error.js";
import { Attempts } from "./attempts.js";
import { CheckedSource } from "./checked-source.js";
import { httpStatus } from "./errors.js";
import { answeredObject, isSame, type ObjectResource } from "./object-resource.js";
import { resourcePath, type UploadTarget } from "./upload-target.js";

/** How long a wrong object's removal may take. Milliseconds. */
const removalMs = 30_000;

/** Bytes. */
const readAtOnce = 2 ** 20;

/** What is known of a file's bytes: more, once they were read. */
export type Known = Pick<UploadFile, "size" | "crc32c">;

/** No answer, a server's error, or a precondition that may have failed because an earlier try had succeeded. */
export function mayHaveLanded(error: unknown): boolean {
  if (DeploymentError.is(error)) return false;
  if (error instanceof Error && error.name === "AbortError") return false;
  const status = httpStatus(error);
  return status === undefined || status === 412 || status >= 500;
}

/**
 * The object as it is now, if it holds the file's bytes; null if it does not, or nobody can tell. Bytes whose checksum is not known
 * yet are read for it: an object of the same size that appeared meanwhile may be another writer's.
 *
 * @param attempts - Those that the upload has left; without any, it is looked once.
 */
export async function landedObject(
  file: UploadFile,
  target: UploadTarget,
  attempts: Attempts,
  known: Known,
): Promise<ObjectResource | null> {
  const { transport, signal } = target;
  try {
    const request = { method: "GET", body: "", signal } as const;
    const found = await attempts.run(async () => answeredObject(await transport.call(resourcePath(target), request)));
    const mayBe = found.size === (known.size ?? found.size);
    return mayBe && isSame(found, known.crc32c === null ? await readThrough(file, signal) : known) ? found : null;
  } catch {
    return null; // the upload's own error says more
  }
}

/** Deletes an object that holds other bytes than its file. Those who stop the upload do not stop this, nor its failure anything. */
export async function removeWrong(target: UploadTarget, generation: string): Promise<void> {
  const signal = AbortSignal.timeout(removalMs);
  const attempts = new Attempts(target.retryOptions, signal, `Deleting gs://${target.bucket}/${target.name}`);
  const path = `${resourcePath(target)}?ifGenerationMatch=${generation}`;
  await attempts
    .run(async () => {
      const answer = await target.transport.call(path, { method: "DELETE", body: "", signal });
      if (answer.status > 299) throw new AnswerError(answer.status, answer.body.toString());
    })
    .catch(() => {}); // the damage itself says more
}

async function readThrough(file: UploadFile, signal: AbortSignal): Promise<Known> {
  const source = await CheckedSource.open(file, { report: () => {}, signal });
  try {
    while (!(await source.isAtEnd())) await source.take(readAtOnce);
    await source.requireWhole();
    return { size: source.position, crc32c: source.crc32c };
  } finally {
    source.close();
  }
}
