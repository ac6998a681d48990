import { createReadStream, type Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";

import { checkListingSize } from "../core/artifact-listing.js";
import { DeploymentError } from "../core/errors.js";
import { type Artifact, deepestDirectory } from "./artifact.js";
import { safePath } from "./safe-path.js";

/** Links to directories that are followed, over all ways that lead to them. */
const mostLinkedDirectories = 1000;

/**
 * All files below a directory of this machine, to be used in place. A symbolic link counts as what it points to, if that
 * is inside the directory.
 *
 * @param directory A path, relative to the working directory.
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is no such directory, `INVALID_PARAMETER_VALUE` when it
 * holds what is no file of a model, such as a link that leaves it, `PERMISSION_DENIED` when it cannot be read.
 */
export async function listLocalDirectory(directory: string): Promise<Artifact[]> {
  const given = resolve(directory);
  const root = await existing(
    given,
    () => new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no directory ${given}. Check the model URI.`),
  );
  if (!root.stats.isDirectory()) {
    throw refused(`${given} is a file; the model URI is the directory that has the MLmodel file.`);
  }
  const files: Artifact[] = [];
  let entries = 0;
  let linkedDirectories = 0;
  const walk = async (directory: Entry, prefix: string, depth: number): Promise<void> => {
    if (depth > deepestDirectory)
      throw refused(`${given} has directories more than ${deepestDirectory} deep; is there a loop of links?`);
    for (const name of await namesIn(directory.path)) {
      checkListingSize(++entries, given);
      const path = prefix === "" ? name : `${prefix}/${name}`;
      const own = join(directory.path, name);
      const entry = await existing(own, () =>
        refused(`${join(given, path)} is a link to nothing. Remove it from the model.`),
      );
      if (!entry.path.startsWith(root.path + sep)) {
        throw refused(`${join(given, path)} is a link that leaves the model directory. Put the file itself there.`);
      }
      // they can lead to one directory by any number of ways
      if (entry.stats.isDirectory() && entry.path !== own && ++linkedDirectories > mostLinkedDirectories) {
        throw refused(
          `${given} has more than ${mostLinkedDirectories} links to directories. Put the files themselves there.`,
        );
      }
      if (entry.stats.isDirectory()) await walk(entry, path, depth + 1);
      else if (entry.stats.isFile()) files.push(artifact(safePath(path, `The directory ${given}`), entry));
      else throw refused(`${join(given, path)} is neither a file nor a directory. Remove it from the model.`);
    }
  };
  const artifact = (path: string, { path: localPath, stats }: Entry): Artifact => ({
    path,
    size: stats.size,
    directoryUri: given,
    localPath,
    open: async () => createReadStream(localPath, { highWaterMark: 1024 * 1024 }),
  });
  await walk(root, "", 0);
  return files;
}

interface Entry {
  /** With links resolved. */
  path: string;
  stats: Stats;
}

async function existing(path: string, missing: () => DeploymentError): Promise<Entry> {
  try {
    const real = await realpath(path);
    return { path: real, stats: await stat(real) };
  } catch (error) {
    // what cannot be read may be there: nothing else must be taken in its place
    if (error instanceof Error && "code" in error && ["ENOENT", "ENOTDIR"].includes(String(error.code)))
      throw missing();
    throw unreadable(path, error);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    throw unreadable(directory, error);
  }
}

function unreadable(path: string, cause: unknown): DeploymentError {
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return new DeploymentError("PERMISSION_DENIED", `${path} cannot be read${code}. Let this user read it.`, { cause });
}

function refused(message: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", message);
}
