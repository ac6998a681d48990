import { DeploymentError } from "../core/errors.js";
import type { Artifact } from "./artifact.js";
import { maskUrls, withoutCredentials } from "./printable-uri.js";

/** What to do about a directory of this machine that does not take the files. */
const otherDirectory = "set tmpDir to a directory that this user can write to, on a disk with room";

/** More bytes than this are not taken of files whose size the store does not say, in all files of a model. */
export const mostUnlistedBytes = 256 * 1024 * 1024;

/** A file that came in another size than listed. */
export function wrongSize(artifact: Artifact, bytes: string): DeploymentError {
  return new DeploymentError(
    "TEMPORARILY_UNAVAILABLE",
    `The file "${artifact.path}" of ${withoutCredentials(artifact.directoryUri)} came with ${bytes} bytes, but ${artifact.size} are listed. ` +
      "Is something still writing it, or a proxy cutting it off?",
  );
}

/** A file that came with other bytes than the store has listed the checksum of. */
export function wrongChecksum(artifact: Artifact, crc32c: string): DeploymentError {
  return new DeploymentError(
    "TEMPORARILY_UNAVAILABLE",
    `The file "${artifact.path}" of ${withoutCredentials(artifact.directoryUri)} came with the CRC32C ${crc32c}, but ${artifact.crc32c} is listed. ` +
      "Is something still writing it?",
  );
}

/** A file that the store gives no size of, and that is not small. */
export function unlistedSize(artifact: Artifact): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The file "${artifact.path}" of ${withoutCredentials(artifact.directoryUri)} is listed without a size, and more than ` +
      `${mostUnlistedBytes} bytes of such files came. Download the model, and give its directory as the model URI.`,
  );
}

/** A model that does not fit on the disk, found before any of it is brought here. */
export function noRoom(bytes: number, free: number, directory: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_EXHAUSTED",
    `The model has ${bytes} bytes, and the disk of ${directory} has ${free} left. Make room, or ${otherDirectory}.`,
    { retryable: false },
  );
}

/** Whatever ended the transfer of a file, as a `DeploymentError`. */
export function transferFailure(error: unknown, artifact: Artifact): DeploymentError {
  if (DeploymentError.is(error)) return error;
  const reason = error instanceof Error ? maskUrls(error.message) : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // not the error itself: that of an HTTP library holds the request with its credentials
  const cause = new Error(reason);
  const failed = `Cannot bring the file "${artifact.path}" of ${withoutCredentials(artifact.directoryUri)} to this machine`;
  if (code === "EEXIST" || code === "EISDIR") {
    return new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `${failed}: something is in its place. Does the model have two names that this disk does not tell apart? (${reason})`,
      { cause },
    );
  }
  if (/^E(NOSPC|DQUOT|FBIG)$/.test(code)) {
    const why = code === "ENOSPC" ? "the disk is full" : reason;
    return new DeploymentError("RESOURCE_EXHAUSTED", `${failed}: ${why}. Make room, or ${otherDirectory}.`, {
      cause,
      retryable: false,
    });
  }
  if (/^E(ACCES|PERM|ROFS|NOENT|NOTDIR)$/.test(code)) {
    return new DeploymentError(
      "PERMISSION_DENIED",
      `${failed}: ${reason}. Let this user write there, or ${otherDirectory}.`,
      {
        cause,
      },
    );
  }
  if (/^E(NAMETOOLONG|MFILE|NFILE|INVAL)$/.test(code)) {
    return new DeploymentError("INTERNAL_ERROR", `${failed}: ${reason}.`, { cause });
  }
  return new DeploymentError("TEMPORARILY_UNAVAILABLE", `${failed}: ${reason}.`, { cause });
}
