import { main } from "../../src/cli/main.js";

export interface CliResult {
  code: number;
  /** The lines of standard output. */
  out: string[];
  err: string[];
}

/** Runs the command line program in this process. `onOut` sees each line of standard output and may end the command. */
export async function runCli(
  argv: readonly string[],
  onOut?: (line: string, end: () => void) => void | Promise<void>,
): Promise<CliResult> {
  const controller = new AbortController();
  const out: string[] = [];
  const err: string[] = [];
  const code = await main(argv, {
    out: (line) => {
      out.push(line);
      void onOut?.(line, () => controller.abort());
    },
    err: (line) => err.push(line),
    signal: controller.signal,
  });
  return { code, out, err };
}
