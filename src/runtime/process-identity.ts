import { readFile } from "node:fs/promises";

import { run } from "./process.js";

/**
 * What tells a process from a later one with the same id: when it was started. Null where there is no such process, or the
 * operating system does not say.
 */
export async function processIdentity(pid: number): Promise<string | null> {
  try {
    return process.platform === "linux" ? await linuxIdentity(pid) : await otherIdentity(pid);
  } catch {
    return null;
  }
}

/** Since when it runs, in clock ticks since the machine was started: field 22 of proc_pid_stat(5). */
async function linuxIdentity(pid: number): Promise<string | null> {
  const [boot, stat] = await Promise.all([
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    readFile(`/proc/${pid}/stat`, "utf8"),
  ]);
  // the second field is the program's name in parentheses, and may hold any character
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields[18];
  // a zombie has ended, though its parent has not asked for its exit code
  return ticks === undefined || state === "Z" ? null : `${boot.trim()} ${ticks}`;
}

async function otherIdentity(pid: number): Promise<string | null> {
  if (process.platform === "win32") return null;
  const { code, lines } = await run({ command: "ps", args: ["-o", "lstart=", "-p", String(pid)] });
  return code === 0 ? (lines[0]?.trim() ?? null) : null;
}
