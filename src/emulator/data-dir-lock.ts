import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { DeploymentError } from "../core/errors.js";
import { isProcessAlive } from "../core/process-alive.js";

/** The lock files of this process's own emulators. */
const held = new Set<string>();

/**
 * Takes a data directory for this process, so that no second emulator works on its state.
 *
 * @returns Gives it back.
 * @throws DeploymentError `RESOURCE_CONFLICT` when another emulator that runs has it.
 */
export async function lockDataDir(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, "emulator.pid");
  while (!(await take(file))) {
    const owner = await ownerOf(file);
    if (owner !== undefined && isRunning(owner, file)) {
      throw new DeploymentError(
        "RESOURCE_CONFLICT",
        `An emulator that runs as process ${owner} uses the data directory ${dataDir}. Stop it, or choose another ` +
          `directory. If that process is no emulator, delete ${file}.`,
      );
    }
    await rm(file, { force: true });
  }
  held.add(file);
  return async () => {
    await rm(file, { force: true });
    held.delete(file);
  };
}

async function take(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The pid in the file, or undefined for a file that its writer left empty when it was killed. */
async function ownerOf(file: string): Promise<number | undefined> {
  for (let reads = 0; reads < 5; reads++) {
    const pid = Number(await readFile(file, "utf8").catch(() => ""));
    if (Number.isInteger(pid) && pid > 0) return pid;
    await delay(50); // made, and about to be written
  }
  return undefined;
}

/** In a container that is started again, an emulator has the pid of the one that was killed there. */
function isRunning(owner: number, file: string): boolean {
  return owner === process.pid ? held.has(file) : isProcessAlive(owner);
}
