import { mkdir, readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { DeploymentError } from "../../../core/errors.js";
import { sha256 } from "../../../core/hash.js";
import { sortedByName } from "../../../core/sorted-by-name.js";
import { DeploymentDirectory } from "./deployment-directory.js";

/** Where deployments are kept. It is its owner's alone: who can write to it runs code as its owner. */
export class DataDirectory {
  readonly path: string;

  /** @param path - Default: `mlflow-deployments/local` in the user's data directory. */
  constructor(path: string | undefined) {
    this.path = resolve(path ?? join(userDataDirectory(), "mlflow-deployments", "local"));
  }

  /** Where models and bundles are kept while they are brought here. On the same file system as the deployments. */
  get work(): string {
    return join(this.path, "work");
  }

  get #deployments(): string {
    return join(this.path, "deployments");
  }

  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` when it cannot be made. */
  async make(): Promise<void> {
    try {
      for (const directory of [this.path, this.work, this.#deployments, join(this.path, "locks")]) {
        await mkdir(directory, { recursive: true, mode: 0o700 });
      }
    } catch (error) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `Cannot write to ${this.path}: ${(error as Error).message}. Set dataDir (MLFLOW_DEPLOYMENTS_LOCAL_DIR) to a directory that can be written.`,
        { cause: error },
      );
    }
  }

  /** The directory of the deployment of that name, whether it is there or not. */
  deployment(name: string): DeploymentDirectory {
    return new DeploymentDirectory(name, join(this.#deployments, directoryName(name)));
  }

  /** The lock of a name, held by whoever changes its deployment. */
  lock(name: string): string {
    return join(this.path, "locks", directoryName(name));
  }

  /** All deployments that have a record, sorted by name. */
  async list(): Promise<DeploymentDirectory[]> {
    const names = await readdir(this.#deployments).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    const found = await Promise.all(
      names.map(async (name) => {
        const record = await new DeploymentDirectory(name, join(this.#deployments, name)).readRecord();
        return record && directoryName(record.name) === name ? this.deployment(record.name) : [];
      }),
    );
    return sortedByName(found.flat());
  }
}

/** Legal on every file system, for a person to know it by, and another one for each name. */
function directoryName(name: string): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
  return [slug, sha256(name).slice(0, 12)].filter((part) => part !== "").join("-");
}

function userDataDirectory(): string {
  if (process.platform === "darwin") return join(homedir(), "Library", "Application Support");
  if (process.platform === "win32") return process.env["LOCALAPPDATA"] || join(homedir(), "AppData", "Local");
  return process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share");
}
