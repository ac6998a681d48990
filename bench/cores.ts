import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { platform } from "node:os";

/** The core of what makes the load, and that of what is measured. */
export interface Cores {
  client: number;
  server: number;
}

/** Null where programs cannot be pinned: without Linux's taskset, or with a single core. */
export const cores: Cores | null = findCores();

function findCores(): Cores | null {
  if (platform() !== "linux" || spawnSync("taskset", ["--version"]).status !== 0) return null;
  const allowed = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const numbers = allowed.split(",").flatMap((range) => {
    const [from = NaN, to = from] = range.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
  const [client, server] = numbers;
  return client === undefined || server === undefined ? null : { client, server };
}

/** A command line, on the core of the given role. */
export function pinned(
  role: keyof Cores,
  command: string,
  args: readonly string[],
): { command: string; args: string[] } {
  if (cores === null) return { command, args: [...args] };
  return { command: "taskset", args: ["-c", String(cores[role]), command, ...args] };
}

/** Moves running processes, all their threads, to the core of the given role. */
export function pin(role: keyof Cores, pids: readonly number[]): void {
  if (cores === null) return;
  for (const pid of pids) spawnSync("taskset", ["-a", "-c", "-p", String(cores[role]), String(pid)]);
}
