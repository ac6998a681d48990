import { mkdir, mkdtemp, readdir, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DeploymentError } from "../core/errors.js";

/** Where one call's files are made. */
export interface WorkDirectory {
  root: string;
  /** For a model that is brought from elsewhere. */
  models: string;
  /** For the bundle. */
  bundle: string;
}

/** Runs `work` with a new directory below `parent`, that is gone afterwards. */
export async function withWorkDirectory<T>(
  parent: string | undefined,
  work: (directory: WorkDirectory) => Promise<T>,
): Promise<T> {
  const directory = await makeWorkDirectory(parent);
  try {
    return await work(directory);
  } finally {
    await directory.remove();
  }
}

/** How often a directory that is kept shows that it is in use. Milliseconds. */
const renewedEveryMs = 60 * 60_000;

/** A new directory below `parent`, for work that goes on after the call. Whoever asks for it removes it. */
export async function makeWorkDirectory(
  parent: string | undefined,
): Promise<WorkDirectory & { remove(): Promise<void> }> {
  const directory = await make(parent ?? tmpdir());
  const renewal = setInterval(() => {
    const now = new Date();
    utimes(directory, now, now).catch(() => {}); // it was removed
  }, renewedEveryMs).unref();
  const remove = async () => {
    clearInterval(renewal);
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  };
  const parts = { models: join(directory, "model"), bundle: join(directory, "bundle") };
  try {
    await Promise.all([mkdir(parts.models), mkdir(parts.bundle)]);
    return { ...parts, root: directory, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

const prefix = "mlflow-deployments-";
/** Longer than any deployment takes. Milliseconds. */
const leftBehindAfterMs = 24 * 60 * 60_000;

/** A process that was killed leaves its directory, with a copy of the model. */
async function removeLeftBehind(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  for (const path of names.map((name) => join(parent, name))) {
    const changed = await stat(path)
      .then(({ mtimeMs }) => mtimeMs)
      .catch(() => Date.now());
    // another user's directory stays
    if (Date.now() - changed > leftBehindAfterMs) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

async function make(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    await removeLeftBehind(parent);
    return await mkdtemp(join(parent, prefix));
  } catch (error) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `Cannot write to ${parent}: ${(error as Error).message}. Set tmpDir (tmp_dir) to a directory that can be written.`,
      { cause: error },
    );
  }
}
