import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { throwIfCancelled } from "../core/errors.js";
import { isProcessAlive } from "../core/process-alive.js";

/** How often who works renews its lock. Milliseconds. */
const renewedEvery = 20_000;

/** A lock that was not renewed for so long counts as left behind, whoever holds it. Milliseconds. */
const longestSilence = 5 * 60_000;

export interface LockOptions {
  /** Called once when another process holds the lock. */
  onWait?: (owner: string) => void;
  signal?: AbortSignal;
}

/**
 * Runs `work` while holding the directory `path` as a lock among the processes of this machine. A lock whose owner is gone is taken over.
 *
 * It saves work rather than guards it: two processes that find the same dead owner at once may both get through, so `work` must
 * publish its result in one atomic step.
 */
export async function withDirectoryLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const self: Owner = { pid: process.pid, host: hostname(), id: randomUUID() };
  let announced = false;
  while (!(await taken(path, self))) {
    throwIfCancelled(options.signal, "Waiting for another process");
    const owner = await ownerOf(path);
    if (await isLeftBehind(path, owner)) {
      await discard(path);
      continue;
    }
    if (!announced) options.onWait?.(owner ? `process ${owner.pid}` : "another process");
    announced = true;
    await sleep(200, undefined, { signal: options.signal }).catch(() => {});
  }
  const renewal = setInterval(() => void renew(path, self), renewedEvery).unref();
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    if (await isHeldBy(path, self)) await discard(path);
  }
}

interface Owner {
  pid: number;
  host: string;
  /** Of this hold alone: a process may have several, one after the other. */
  id: string;
}

async function taken(path: string, self: Owner): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  await writeFile(join(path, "owner.json"), JSON.stringify(self));
  return true;
}

async function ownerOf(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(path, "owner.json"), "utf8")) as Owner;
  } catch {
    return undefined; // Being written, or being removed.
  }
}

async function isHeldBy(path: string, self: Owner): Promise<boolean> {
  return (await ownerOf(path))?.id === self.id;
}

/** Shows that the owner lives. One that was taken for dead, as after this machine slept, has nothing to renew. */
async function renew(path: string, self: Owner): Promise<void> {
  const now = new Date();
  if (await isHeldBy(path, self)) await utimes(path, now, now).catch(() => {});
}

async function isLeftBehind(path: string, owner: Owner | undefined): Promise<boolean> {
  const silence = await stat(path).then(
    (found) => Date.now() - found.mtimeMs,
    () => 0,
  );
  if (silence > longestSilence) return true;
  if (!owner) return silence > 10_000;
  return owner.host === hostname() && !isProcessAlive(owner.pid);
}

async function discard(path: string): Promise<void> {
  // A rename is atomic: of two processes that find the same dead owner, one removes its lock.
  const doomed = `${path}.stale-${randomUUID()}`;
  try {
    await rename(path, doomed);
  } catch {
    return;
  }
  await rm(doomed, { recursive: true, force: true });
}
