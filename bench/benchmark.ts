import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { arch, availableParallelism, cpus, loadavg, platform, tmpdir } from "node:os";
import { join } from "node:path";
import type { Terminal } from "../scripts/quickstart/terminal.js";
import { cores } from "./cores.js";
import type { Contenders, Measurement, Surroundings } from "./measurement.js";
import { measurements } from "./measurements/index.js";
import { type Result, resultOf, type Rounds } from "./results.js";
import { rows } from "./rows.js";
import { tableOf } from "./table.js";

export interface BenchmarkOptions extends Pick<
  Surroundings,
  "python" | "peersPython" | "seconds" | "megabytes" | "link" | "signal"
> {
  terminal: Terminal;
  rounds: number;
  /** Which measurements; none for all. */
  names: readonly string[];
  /** Where the results are written to. */
  json: string | undefined;
}

/**
 * Measures, and prints the table after each measurement's step. One that fails does not stop the others.
 *
 * @throws Error for a name that is none, and after the table when a measurement has failed.
 */
export async function benchmark(options: BenchmarkOptions): Promise<void> {
  const { terminal, names, json, signal } = options;
  const chosen = choose(names);
  const machine = describeMachine();
  terminal.title("Measuring");
  for (const line of machine) terminal.print(`  ${line}`);
  const results: Result[] = [];
  const rounds: Record<string, Rounds> = {};
  const failures: string[] = [];
  for (const measurement of chosen) {
    try {
      const measured = await measure(measurement, options);
      rounds[measurement.name] = measured;
      results.push(...resultsOf(measurement, measured));
    } catch (error) {
      signal.throwIfAborted();
      failures.push(measurement.name);
      terminal.failure(`${measurement.name}: ${(error as Error).message}`);
    }
  }
  terminal.title("Results");
  terminal.print(tableOf(results));
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ machine, results, rounds }, null, 2)}\n`);
  if (failures.length > 0) throw new Error(`Not measured: ${failures.join(", ")}.`);
}

function choose(names: readonly string[]): readonly Measurement[] {
  const unknown = names.filter((name) => !measurements.some((measurement) => measurement.name === name));
  if (unknown.length === 0)
    return names.length === 0 ? measurements : measurements.filter(({ name }) => names.includes(name));
  const known = measurements.map(({ name }) => name).join(", ");
  throw new Error(`There is nothing to measure called ${unknown.join(", ")}. There are: ${known}.`);
}

/** What numbers depend on beside the programs. */
function describeMachine(): string[] {
  const [load = 0] = loadavg();
  const processor = `${availableParallelism()} × ${cpus()[0]?.model.trim() ?? "unknown processor"}, ${platform()} ${arch()}`;
  const busy = load > 0.5 ? "busy: the ratios hold better than the numbers" : "quiet";
  return [
    `${processor}, Node.js ${process.versions.node}; load average ${load.toFixed(1)} at the start (${busy})`,
    cores === null
      ? "nothing is pinned: it takes Linux, taskset and two cores"
      : `load generator on core ${cores.client}, servers on core ${cores.server}`,
  ];
}

async function measure(measurement: Measurement, options: BenchmarkOptions): Promise<Rounds> {
  const { terminal, python, peersPython, seconds, megabytes, link, signal } = options;
  const count = measurement.rounds ?? options.rounds;
  const directory = await mkdtemp(join(tmpdir(), `bench-${measurement.name}-`));
  const ends: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
  const rounds: Rounds = [];
  try {
    await terminal.step(measurement.name, async (say) => {
      const given = { python, peersPython, directory, seconds, megabytes, link, signal };
      say("setting up");
      const contenders = await measurement.setUp({ ...given, say, afterwards: (end) => ends.push(end) });
      for (let round = 0; round < count; round += 1) {
        say(`round ${round + 1} of ${count}`);
        rounds.push(await oneRound(contenders, round, signal));
      }
      return `${count} ${count === 1 ? "round" : "rounds"} of ${Object.keys(contenders).join(", ")}`;
    });
  } finally {
    for (const end of ends.toReversed()) await end();
  }
  return rounds;
}

function resultsOf({ name }: Measurement, rounds: Rounds): Result[] {
  return rows.filter((row) => row.measurement === name).flatMap((row) => resultOf(row, rounds) ?? []);
}

/** All contenders one after the other, beginning with another one each time: none always runs on what one left warm. */
async function oneRound(contenders: Contenders, round: number, signal: AbortSignal): Promise<Rounds[number]> {
  const names = Object.keys(contenders);
  const first = round % names.length;
  const numbers: Rounds[number] = {};
  for (const name of [...names.slice(first), ...names.slice(0, first)]) {
    signal.throwIfAborted();
    numbers[name] = (await contenders[name]?.()) ?? {};
  }
  return numbers;
}
