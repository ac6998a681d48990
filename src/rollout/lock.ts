import { randomUUID } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname, platform, userInfo } from "node:os";

import { DeploymentError } from "../core/errors.js";
import type { RecordLock } from "../core/record.js";
import { isProcessAlive } from "../core/process-alive.js";

/** How long a lock is valid without being renewed. A holder that was suspended for longer loses it. */
export const leaseMs = 60_000;
/** How often a holder renews it. */
export const renewalMs = 20_000;

/** The locks that this process holds: any other lock with this process's id is of an earlier process. */
const heldHere = new Set<string>();

/** What a process id is unique in: this machine, and in containers this one's process namespace. */
const processSpace = `${hostname()} ${processNamespace()}`;

/**
 * A lock for this process.
 *
 * @param id - Unique for each holder, such as the id of its call.
 */
export function newLock(now: number, id: string = randomUUID()): RecordLock {
  const lock: RecordLock = {
    id,
    owner: `${userName()}@${hostname()}, process ${process.pid}`,
    host: processSpace,
    pid: process.pid,
    acquiredAt: new Date(now).toISOString(),
    expiresAt: new Date(now + leaseMs).toISOString(),
  };
  heldHere.add(lock.id);
  return lock;
}

/** The same lock with a new lease. */
export function renewed(lock: RecordLock, now: number): RecordLock {
  return { ...lock, expiresAt: new Date(now + leaseMs).toISOString() };
}

/** Says that this process no longer holds the lock. */
export function forget(lock: RecordLock): void {
  heldHere.delete(lock.id);
}

/**
 * Whether a lock's holder may still be at work: its lease has not run out, and it is not a process of this machine that
 * is gone.
 */
export function isHeld(lock: RecordLock, now: number): boolean {
  if (now >= Date.parse(lock.expiresAt)) return false;
  if (lock.host !== processSpace) return true;
  return lock.pid === process.pid ? heldHere.has(lock.id) : isProcessAlive(lock.pid);
}

/** The error for a record that another process holds. */
export function lockedError(name: string, lock: RecordLock, now: number): DeploymentError {
  const seconds = (from: string) => Math.max(0, Math.round((now - Date.parse(from)) / 1000));
  const left = Math.max(0, Math.round((Date.parse(lock.expiresAt) - now) / 1000));
  return new DeploymentError(
    "RESOURCE_CONFLICT",
    `Another process works on the deployment "${name}": ${lock.owner}, for ${seconds(lock.acquiredAt)} s. Wait for it; if it died, its lock ends in ${left} s.`,
    { retryable: true },
  );
}

function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return platform(); // not Linux: processes share one namespace
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown"; // a container may run as a user without a name
  }
}
