import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { lockDataDir } from "./data-dir-lock.js";

/** Where an emulator keeps everything, while it alone has it. */
export interface DataDirectory {
  path: string;
  /** Where each container's process gets its home directory. */
  homes: string;
  /** Gives the directory back, and removes a temporary one. */
  close(): Promise<void>;
}

/**
 * Opens a data directory, made if it is absent. Only its owner can look into it, since it holds what containers are given.
 *
 * @param given Its path. Default: a temporary one.
 * @throws DeploymentError `RESOURCE_CONFLICT` when another emulator that runs has it.
 */
export async function openDataDirectory(given: string | undefined): Promise<DataDirectory> {
  const path = resolve(given ?? (await mkdtemp(join(tmpdir(), "mlflow-deployments-emulator-"))));
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  const unlock = await lockDataDir(path);
  const homes = join(path, "homes");
  // what a killed emulator was working with
  for (const left of [homes, join(path, "builds")]) await rm(left, { recursive: true, force: true });
  return {
    path,
    homes,
    async close() {
      await unlock();
      if (given === undefined) await rm(path, { recursive: true, force: true });
    },
  };
}
