import type { CliIo } from "../command.js";
import { jsonProgress } from "./json-progress.js";
import { LiveProgress } from "./live-progress.js";
import { PlainProgress } from "./plain-progress.js";
import type { Progress } from "./progress.js";

/**
 * Lines of JSON on standard output where they were asked for; else, on standard error, what is redrawn in place on a terminal,
 * and one line an event where there is none, or a dumb one, or a continuous integration (`CI`).
 */
export function startProgress(io: CliIo, json: boolean): Progress {
  if (json) return jsonProgress(io);
  const isLive = io.isTerminal.stderr && io.env["TERM"] !== "dumb" && !io.env["CI"];
  return isLive ? new LiveProgress(io) : new PlainProgress(io);
}
