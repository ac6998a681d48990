import { join } from "node:path";
import { mkdir } from "node:fs/promises";
import type { Contenders, Surroundings } from "../measurement.js";
import { stagingOfFiles, stagingOfMegabytes } from "../measurements/staging.js";
import type { Series } from "./series.js";

/** Staging of models of more and more files, and of larger and larger ones. */
export async function growthOfModels(surroundings: Surroundings): Promise<Series[]> {
  const { megabytes } = surroundings;
  const files = [10, 100, 1000, ...(megabytes > 500 ? [10_000] : [])];
  const sizes = [10, 50, 200, 500, 1000, 4000].filter((size) => size <= Math.max(megabytes, 200));
  return [
    await series("Staging by files", "files", files, stagingOfFiles, surroundings),
    await series("Staging by size", "megabytes", sizes, (size, each) => stagingOfMegabytes(size, each), surroundings),
  ];
}

async function series(
  title: string,
  of: string,
  sizes: readonly number[],
  setUp: (size: number, surroundings: Surroundings) => Promise<Contenders>,
  surroundings: Surroundings,
): Promise<Series> {
  const byName = new Map<string, number[]>();
  for (const size of sizes) {
    surroundings.say(`${title.toLowerCase()}: ${size} ${of}`);
    const directory = join(surroundings.directory, `${of}-${size}`);
    await mkdir(directory);
    const ends: (() => unknown)[] = [];
    try {
      const contenders = await setUp(size, { ...surroundings, directory, afterwards: (end) => ends.push(end) });
      for (const [name, round] of Object.entries(contenders)) {
        const { time = NaN } = await round();
        byName.set(name, [...(byName.get(name) ?? []), time]);
      }
    } finally {
      for (const end of ends.toReversed()) await end();
    }
  }
  const lines = [...byName].map(([name, values]) => ({ name, values }));
  return { title, of, sizes, unit: "ms", lines };
}
