import type { Surroundings } from "../measurement.js";
import { runForJson } from "../program.js";
import { startStubEndpoint } from "../stub-endpoint.js";
import type { Series } from "./series.js";

const sizes = [1, 10, 100, 1000, 10_000, 100_000];
/** Rows of ten numbers that one request holds for sure. */
const chunk = 5000;

/** One call of `predict` with more and more rows, beside Google's SDK, which has to be called for each request. */
export async function growthOfRows(surroundings: Surroundings): Promise<Series[]> {
  const { peersPython, signal, say } = surroundings;
  const { address } = await startStubEndpoint(surroundings);
  const lines: Series["lines"] = [
    { name: "ours", values: [] },
    { name: "Python SDK", values: [] },
  ];
  const programs = [
    [process.execPath, "clients/predict.mjs"],
    [peersPython, "peers/predict.py"],
  ] as const;
  for (const rows of sizes) {
    say(`${rows} rows`);
    for (const [index, [command, program]] of programs.entries()) {
      const role = { role: "client", signal } as const;
      const { time } = await runForJson<{ time: number }>(command, program, { ...address, rows, chunk }, role);
      lines[index]?.values.push(time);
    }
  }
  return [{ title: "Time of a predict", of: "rows", sizes, unit: "ms", lines }];
}
