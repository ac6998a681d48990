import { join } from "node:path";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { type ProgramOptions, runProgram } from "../program.js";

const program = join(import.meta.dirname, "..", "..", "dist", "cli", "bin.js");

/** What a person waits for the help of the command line. */
export const help: Measurement = { name: "help", setUp };

async function setUp({ python, signal }: Surroundings): Promise<Contenders> {
  return {
    ours: () => timed({ command: process.execPath, args: [program, "--help"], signal }),
    "mlflow deployments": () => timed({ command: python, args: ["-m", "mlflow", "deployments", "--help"], signal }),
  };
}

async function timed(options: ProgramOptions): Promise<Numbers> {
  const { lines, milliseconds } = await runProgram(options);
  if (!lines.some((line) => line.startsWith("Usage:"))) throw new Error(`${options.args.join(" ")} printed no help.`);
  return { time: milliseconds };
}
