import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { DeploymentError } from "../core/errors.js";
import { isProcessAlive } from "../core/process-alive.js";

/**
 * Takes a data directory for this process, so that no second emulator works on its state. The directory is made where it
 * is absent; only its owner can look into it, since it holds what containers are given.
 *
 * @returns Gives it back.
 * @throws DeploymentError `RESOURCE_CONFLICT` when another emulator that runs has it.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, "emulator.pid");
  const take = () => writeFile(file, String(process.pid), { flag: "wx", mode: 0o600 });
  try {
    await take();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const owner = Number(await readFile(file, "utf8").catch(() => ""));
    if (owner > 0 && isProcessAlive(owner)) {
      throw new DeploymentError(
        "RESOURCE_CONFLICT",
        `An emulator that runs as process ${owner} uses the data directory ${dataDir}. Stop it, or choose another directory.`,
      );
    }
    await rm(file, { force: true });
    await take();
  }
  await chmod(dataDir, 0o700);
  return () => rm(file, { force: true });
}
