import type { CliIo } from "../command.js";
import type { Progress } from "./progress.js";

/** Every event as a line of JSON on standard output, as it is. */
export function jsonProgress(io: CliIo): Progress {
  return {
    onEvent: (event) => io.out(JSON.stringify(event)),
    note: (line) => io.err(line),
    background: (operation) => io.out(JSON.stringify({ type: "background", operation })),
    stop: () => {},
  };
}
