import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DeploymentError } from "../../../core/errors.js";

/** Where one call's files are made. */
export interface WorkDirectory {
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
  const directory = await make(parent ?? tmpdir());
  const parts = { models: join(directory, "model"), bundle: join(directory, "bundle") };
  try {
    await Promise.all([mkdir(parts.models), mkdir(parts.bundle)]);
    return await work(parts);
  } finally {
    await rm(directory, { recursive: true, force: true });
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
