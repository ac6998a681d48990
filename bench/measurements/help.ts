import { join } from "node:path";
import type { Contenders, Measurement, Surroundings } from "../measurement.js";
import { type ProgramOptions, runProgram } from "../program.js";

const program = join(import.meta.dirname, "..", "..", "dist", "cli", "bin.js");

/** What a person waits for the help of the command line. */
export const help: Measurement = { name: "help", setUp };

async function setUp({ python, signal }: Surroundings): Promise<Contenders> {
  const timed = (options: ProgramOptions) => async () => {
    const { lines, milliseconds } = await runProgram(options);
    if (!lines.some((line) => /^Usage:/.test(line))) throw new Error(`${options.args.join(" ")} printed no help.`);
    return { time: milliseconds };
  };
  return {
    ours: timed({ command: process.execPath, args: [program, "--help"], signal }),
    "mlflow deployments": timed({ command: python, args: ["-m", "mlflow", "deployments", "--help"], signal }),
  };
}
