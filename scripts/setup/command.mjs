import { spawn } from "node:child_process";
import { root } from "./paths.mjs";

/** How much of a failed command's output is shown, in lines. */
const shownLines = 15;

/** How much of it is kept. */
const keptLines = 500;

/** A failure that the person at the terminal can do something about: shown without a stack. */
export class SetupError extends Error {}

/**
 * Runs a program to its end, without a shell.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ say?: (line: string) => void, signal?: AbortSignal, failure: string, cause?: (lines: string[]) => string[] }} options
 *   `failure`: the first line of the error when it fails; `cause`: the output that says why, default its end
 * @returns {Promise<void>}
 */
export async function runCommand(command, args, { say, signal, failure, cause = (lines) => lines.slice(-shownLines) }) {
  const lines = [];
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], signal });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      const seen = text.split(/\r?\n/).filter((line) => line.trim() !== "");
      lines.push(...seen);
      lines.splice(0, lines.length - keptLines);
      if (seen.length > 0) say?.(seen.at(-1));
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new SetupError(`${failure}: ${error.message}`)));
    child.once("close", resolve);
  });
  if (code !== 0) throw new SetupError(`${failure} (exit code ${code}):\n${cause(lines).join("\n")}`);
}
