import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Whether this system tells what a process uses. */
const isTold = existsSync("/proc/self/stat");
const ticksPerSecond = isTold ? Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })) : NaN;
const pageSize = isTold ? Number(execFileSync("getconf", ["PAGESIZE"], { encoding: "utf8" })) : NaN;

interface Stat {
  pid: number;
  parent: number;
  /** Seconds of processor time. */
  cpu: number;
  /** Bytes of memory. */
  resident: number;
}

/** The process and all that it has started, which are what one server uses. */
export function processTree(pid: number): number[] {
  return treeOf(pid).map((stat) => stat.pid);
}

/** Processor time of the process and all that it has started, in seconds. Undefined where the system does not tell. */
export function cpuSeconds(pid: number): number | undefined {
  return isTold ? treeOf(pid).reduce((sum, { cpu }) => sum + cpu, 0) : undefined;
}

/** Resident memory of the process and all that it has started, in megabytes. Undefined where the system does not tell. */
export function residentMegabytes(pid: number): number | undefined {
  return isTold ? treeOf(pid).reduce((sum, { resident }) => sum + resident, 0) / 1e6 : undefined;
}

function treeOf(pid: number): Stat[] {
  if (!isTold) return [];
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const found = all.filter((stat) => stat.pid === pid);
  // grows while it is walked, by the children of what was found
  for (const { pid: parent } of found) found.push(...all.filter((stat) => stat.parent === parent));
  return found;
}

/** Fields as in `man proc_pid_stat`, counted after the name, which may hold anything. */
function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const [, parent = 0, , , , , , , , , , user = 0, system = 0] = fields;
    return { pid, parent, cpu: (user + system) / ticksPerSecond, resident: (fields[21] ?? 0) * pageSize };
  } catch {
    return null; // it has ended meanwhile
  }
}
