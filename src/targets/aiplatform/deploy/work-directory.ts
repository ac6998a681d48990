import { mkdir, mkdtemp, rm } from "node:fs/promises";
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

async function make(parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(join(parent, "mlflow-deployments-"));
  } catch (error) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `Cannot write to ${parent}: ${(error as Error).message}. Set tmpDir (tmp_dir) to a directory that can be written.`,
      { cause: error },
    );
  }
}
