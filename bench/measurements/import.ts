import { join } from "node:path";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { type ProgramOptions, runProgram } from "../program.js";
import { median } from "../statistics.js";

const root = join(import.meta.dirname, "..", "..");
/** A round's number is the median of this many, since what an import takes is little beside what a process varies by. */
const repeats = 3;

/** What a process takes longer because it imports the package: whole processes, with and without, in turns. */
export const importing: Measurement = { name: "import", setUp };

async function setUp({ python, signal }: Surroundings): Promise<Contenders> {
  // the package's own name is found from its own folder, as it is from one that it is installed in
  const node = (code: string) => ({
    command: process.execPath,
    args: ["--input-type=module", "-e", code],
    cwd: root,
    signal,
  });
  const pythonProgram = (code: string) => ({ command: python, args: ["-c", code], signal });
  return {
    ours: () => over(node(""), node('import "mlflow-deployments"')),
    "mlflow.deployments": () => over(pythonProgram(""), pythonProgram("import mlflow.deployments")),
  };
}

async function over(bare: ProgramOptions, importing: ProgramOptions): Promise<Numbers> {
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const { milliseconds } = await runProgram(bare);
    times.push((await runProgram(importing)).milliseconds - milliseconds);
  }
  return { time: median(times) };
}
