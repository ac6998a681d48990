import { createReadStream } from "node:fs";

import { DeploymentError, plainCause } from "./errors.js";
import { manifestHash } from "./hash.js";
import type { LocalModelFile, ModelFile, ResolvedModel } from "./model.js";
import type { StepContext } from "./progress.js";
import type { UploadFile } from "./services.js";

/**
 * The hash of a model, by what is known of each file without reading it: two models with the same are the same. A file that was
 * read counts by its SHA-256. Of another the strongest counts that its store says: the CRC32C, an ETag, or the size alone where the
 * model's own id, in a file that was read, stands for the rest. A generation is no part of it: the same bytes may have several.
 */
export function modelHash({ files }: Pick<ResolvedModel, "files">): string {
  return manifestHash(files.map((file) => ({ path: file.path, mode: 0o644, sha256: identityOf(file) })));
}

function identityOf({ sha256, crc32c, version, size }: ModelFile): string {
  if (sha256 !== null) return sha256;
  if (crc32c !== null) return `crc32c:${crc32c}:${size}`;
  return version === undefined ? `size:${size}` : `version:${version}:${size}`;
}

/**
 * Some of a model's files on this machine, brought where they are not here.
 *
 * @param wanted - Files of the model.
 * @throws DeploymentError As the store that they are in; `INTERNAL_ERROR` for a resolver of the user's own that cannot bring them.
 */
export async function localFiles(
  model: ResolvedModel,
  wanted: readonly ModelFile[],
  context: StepContext,
): Promise<LocalModelFile[]> {
  if (wanted.every(isLocal)) return [...wanted];
  if (model.bring) {
    const paths = wanted.map(({ path }) => path);
    const message = `${paths.length} files of ${model.source.uri}`;
    context.report({ type: "step", step: "resolve", status: "started", message });
    const files = await model.bring(paths, context);
    if (files.length !== paths.length) {
      throw new DeploymentError(
        "INTERNAL_ERROR",
        `The model resolver brought ${files.length} of ${paths.length} files of ${model.source.uri}.`,
      );
    }
    context.report({ type: "step", step: "resolve", status: "done", message });
    return files;
  }
  const missing = wanted.find((file) => !isLocal(file));
  throw new DeploymentError(
    "INTERNAL_ERROR",
    `The model resolver gives "${missing?.path}" without a localPath, and the model has no bring(paths, context) that fetches it.`,
  );
}

/** A file of a model as it is uploaded: from this machine, or straight from its store. */
export function uploadFile(file: ModelFile): UploadFile {
  const { path, size, crc32c, object, localPath } = file;
  const open = async (context: StepContext): Promise<AsyncIterable<Uint8Array>> => {
    if (localPath !== null) return localBytes(localPath, context);
    const fromStore = file.open?.bind(file);
    if (fromStore) return ownErrors(() => fromStore(context), path);
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `The model resolver gives "${path}" without a localPath and without open().`,
    );
  };
  return { path, size, crc32c, open, ...(object && { object }) };
}

/** Whatever a store of the user's own throws: its words may hold a signed URL, and its error the request. */
async function* ownErrors(open: () => Promise<AsyncIterable<Uint8Array>>, path: string): AsyncGenerator<Uint8Array> {
  try {
    // opened only now: whoever does not come to read it would not hear that it failed
    yield* await open();
  } catch (error) {
    if (DeploymentError.is(error) || (error instanceof Error && error.name === "AbortError")) throw error;
    const { name, code }: NodeJS.ErrnoException = error instanceof Error ? error : new Error("unknown");
    const reason = `Reading "${path}" from its store failed with ${name}${code === undefined ? "" : ` (${code})`}.`;
    throw new DeploymentError("TEMPORARILY_UNAVAILABLE", `${reason} Run it again; only what is missing is sent.`, {
      cause: plainCause(error, reason, {}),
    });
  }
}

/** The bytes of a file of this machine. */
export function localBytes(localPath: string, { signal }: StepContext): AsyncIterable<Uint8Array> {
  return createReadStream(localPath, { highWaterMark: 2 ** 20, signal });
}

function isLocal(file: ModelFile): file is LocalModelFile {
  return file.localPath !== null && file.sha256 !== null && file.crc32c !== null;
}
