import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createServer } from "node:net";
import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import { childEnvironment } from "./child-environment.js";
import { LineRing, splitLines } from "./output.js";
import { forgetGroup, prepareReaper, watchGroup } from "./reaper.js";

export { childEnvironment } from "./child-environment.js";

/** Which of a process's two outputs a line came from. */
type OutputStream = "stdout" | "stderr";

export interface ProcessOptions {
  /** The program: a path, or a name that is looked up on `PATH`. Never passed through a shell. */
  command: string;
  args: readonly string[];
  /** Default: the working directory of this process. */
  cwd?: string;
  /** The whole environment of the child. Default: {@link childEnvironment}, which holds no credentials. */
  env?: Readonly<Record<string, string>>;
  /** What the child reads on its standard input. Default: nothing. */
  input?: string;
  /** `inherit`: the child writes to this process's own, such as a terminal, unseen by `onLine` and `lines`. Default `pipe`. */
  stderr?: "pipe" | "inherit";
  onLine?: (line: string, stream: OutputStream) => void;
  /** Stops the process when aborted. */
  signal?: AbortSignal;
}

/** How a process ended: by its own code, or by a signal. */
export interface ProcessExit {
  code: number | null;
  signal: string | null;
}

/** A running child process, which ends with this process at the latest. */
export interface ManagedProcess {
  readonly pid: number;
  /** Resolves when the process and all it started are gone and its output has been read. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** The last `count` lines of both outputs, of the last thousand. */
  lines(count: number): string[];
  /** Asks the process and all it started to end, and kills them after `graceMs` milliseconds (default 5,000). */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a program in a process group of its own. It ends with this process, even when this process is killed.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when the program cannot be started.
 */
export function startProcess(options: ProcessOptions): ManagedProcess {
  throwIfCancelled(options.signal, `Starting ${options.command}`);
  prepareReaper();
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd,
    env: options.env ?? childEnvironment(),
    stdio: ["pipe", "pipe", options.stderr ?? "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  child.on("error", () => {}); // Reported below: without a pid the start failed.
  const { pid } = child;
  if (pid === undefined) throw notStarted(options);
  watchGroup(pid);

  child.stdin?.on("error", () => {}); // A child need not read its input.
  child.stdin?.end(options.input ?? "");
  const ring = new LineRing();
  for (const stream of ["stdout", "stderr"] as const) {
    const output = child[stream];
    if (!output) continue;
    splitLines(output, (line) => {
      ring.push(line);
      options.onLine?.(line, stream);
    });
  }

  const exited = exitOf(child, pid);
  const stop = async (graceMs = 5000): Promise<void> => {
    signalGroup(pid, "SIGTERM");
    const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), graceMs);
    await exited;
    clearTimeout(timer);
  };
  const onAbort = (): void => void stop();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  void exited.then(() => options.signal?.removeEventListener("abort", onAbort));
  return { pid, exited, lines: (count) => ring.last(count), stop };
}

/** What a finished program left. */
export interface CompletedProcess {
  /** `null` when a signal ended it. */
  code: number | null;
  /** The last thousand lines of both outputs. */
  lines: string[];
}

/**
 * Runs a program to its end, whatever its exit code.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when it cannot be started, `CANCELLED` when `signal` is aborted.
 */
export async function run(options: ProcessOptions): Promise<CompletedProcess> {
  const running = startProcess(options);
  const { code } = await running.exited;
  throwIfCancelled(options.signal, `Running ${options.command}`);
  return { code, lines: running.lines(Infinity) };
}

/** A TCP port of the loopback interface that was free a moment ago. A server that can choose its own should bind port 0. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address ? resolve(address.port) : reject(new Error("no port was given")),
      );
    });
  });
}

async function exitOf(child: ChildProcess, pid: number): Promise<ProcessExit> {
  child.once("exit", () => {
    // What the child started and left behind holds its outputs open, so it must go before they can close.
    signalGroup(pid, "SIGKILL");
    // One that left the group escapes this, but must not keep us waiting for its output.
    setTimeout(() => [child.stdout, child.stderr].forEach((output) => output?.destroy()), 2000).unref();
  });
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      forgetGroup(pid);
      resolve({ code, signal });
    });
  });
}

function signalGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // It is gone already.
  }
}

function notStarted({ command, cwd }: ProcessOptions): DeploymentError {
  const where = cwd === undefined ? "" : ` in ${cwd}`;
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `Could not start ${command}${where}: there is no such program or directory, or it may not be run.`,
  );
}
