import { join } from "node:path";
import { checkEqual } from "../equal-answers.js";
import type { Contenders, Measurement, Surroundings } from "../measurement.js";
import { ownProgram, runProgram } from "../program.js";
import { startStubEndpoint } from "../stub-endpoint.js";

const program = join(import.meta.dirname, "..", "..", "dist", "cli", "bin.js");

/** What a person waits for a list of what is deployed: the whole process. */
export const list: Measurement = { name: "list", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const { peersPython, signal } = surroundings;
  const { address } = await startStubEndpoint(surroundings);
  const { host, project, location } = address;
  const config = [`projectId=${project}`, `location=${location}`, `emulatorHost=${host}`].flatMap((each) => [
    "-C",
    each,
  ]);
  const answers: Record<string, unknown> = {};
  const timed = async (name: string, command: string, args: string[], namesIn: (text: string) => string[]) => {
    const { lines, milliseconds } = await runProgram({ command, args, signal });
    answers[name] = namesIn(lines.join("\n"));
    checkEqual(answers);
    return { time: milliseconds };
  };
  const own = [program, "list", "-t", "aiplatform", "--output", "json", ...config];
  const sdk = [ownProgram("peers/list.py"), JSON.stringify(address)];
  return {
    ours: () => timed("ours", process.execPath, own, namesOf),
    "Python SDK": () => timed("Python SDK", peersPython, sdk, (text) => JSON.parse(text) as string[]),
  };
}

function namesOf(text: string): string[] {
  return (JSON.parse(text) as { name: string }[]).map(({ name }) => name);
}
