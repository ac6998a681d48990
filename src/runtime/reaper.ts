import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { systemEnvironment } from "./child-environment.js";

/*
 * Child processes must not outlive this process, not even when it is killed by a signal that no handler sees. One small
 * Node process per parent, the reaper, holds the other end of a pipe: the parent announces each child's process group
 * ("+pid") and its end ("-pid"); when the pipe closes, for whatever reason, the reaper terminates what is left.
 *
 * It is a program in a string, so that it runs alike from TypeScript sources, from dist and from a bundle; and it is one for
 * all children, because each Node process costs about 40 MB.
 */
const program = `
const groups = new Set();
let rest = "";
const send = (signal) => {
  for (const group of groups) {
    try { process.kill(process.platform === "win32" ? group : -group, signal); } catch { groups.delete(group); }
  }
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  const lines = (rest + text).split("\\n");
  rest = lines.pop();
  for (const line of lines) {
    const group = Number(line.slice(1));
    if (line.startsWith("+")) groups.add(group); else groups.delete(group);
  }
});
process.stdin.on("close", () => {
  send("SIGTERM");
  const deadline = Date.now() + 3000;
  const timer = setInterval(() => {
    send(Date.now() < deadline ? 0 : "SIGKILL");
    if (groups.size === 0 || Date.now() > deadline + 1000) { clearInterval(timer); process.exit(0); }
  }, 100);
});
`;

let reaper: ChildProcess | undefined;

function runningReaper(): ChildProcess {
  if (reaper?.stdin?.writable) return reaper;
  const started = spawn(process.execPath, ["-e", program], {
    // A session of its own: a Ctrl-C in the terminal must not end it before it has done its work.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: systemEnvironment(),
  });
  started.on("error", () => {});
  started.stdin.on("error", () => {});
  // Neither the reaper nor the pipe keeps this process alive.
  started.unref();
  (started.stdin as unknown as { unref?(): void }).unref?.();
  started.once("exit", () => {
    if (reaper === started) reaper = undefined;
  });
  reaper = started;
  return started;
}

/** Makes sure that there is a reaper, so that a child that starts next is announced without delay. */
export function prepareReaper(): void {
  runningReaper();
}

/** The process group `pid` dies with this process from now on. */
export function watchGroup(pid: number): void {
  runningReaper().stdin?.write(`+${pid}\n`);
}

/** The process group `pid` is gone, and its number may be given to a stranger. */
export function forgetGroup(pid: number): void {
  reaper?.stdin?.write(`-${pid}\n`);
}
