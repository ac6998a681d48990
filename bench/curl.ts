import { spawn } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";

/** Copies one file from a URL to an upload's by two curls and a pipe, and gives the milliseconds that it took. */
export async function curlToCurl(from: string, to: string, signal: AbortSignal): Promise<number> {
  const quiet = ["--silent", "--show-error", "--fail"];
  const started = performance.now();
  const down = spawn("curl", [...quiet, from], { stdio: ["ignore", "pipe", "inherit"], signal });
  const header = ["--header", "content-type: application/octet-stream"];
  const upload = [...quiet, ...header, "--request", "POST", "--upload-file", "-", "--output", "/dev/null", to];
  const up = spawn("curl", upload, { stdio: [down.stdout, "ignore", "inherit"], signal });
  // the pipe is theirs alone
  down.stdout.destroy();
  const ends = await Promise.all([once(down, "close"), once(up, "close")]);
  const failed = ends.find(([code]) => code !== 0);
  if (failed) throw new Error(`curl failed (exit code ${String(failed[0])}).`);
  return performance.now() - started;
}
