import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Surroundings } from "../measurement.js";
import { growthOfDeployments } from "./deployments.js";
import { growthOfModels } from "./models.js";
import { plotOf } from "./plot.js";
import { growthOfRows } from "./rows.js";
import type { Series } from "./series.js";
import { growthOfServers } from "./servers.js";
import { growthTable } from "./table.js";
import type { Terminal } from "../../scripts/quickstart/terminal.js";

const measured = {
  deployments: growthOfDeployments,
  rows: growthOfRows,
  servers: growthOfServers,
  models: growthOfModels,
};
const picture = join(import.meta.dirname, "..", "growth.svg");

/**
 * Measures how this package and its peers grow, prints a table of each series, and draws them all. One that fails does not stop
 * the others.
 *
 * @throws Error after tables and picture when one has failed.
 */
export async function growth(
  { terminal, ...given }: Omit<Surroundings, "directory" | "say" | "afterwards"> & { terminal: Terminal },
  json: string | undefined,
): Promise<void> {
  terminal.title("Measuring how it grows");
  const series: Series[] = [];
  const failures: string[] = [];
  for (const [name, measure] of Object.entries(measured)) {
    const directory = await mkdtemp(join(tmpdir(), `bench-growth-${name}-`));
    const ends: (() => unknown)[] = [() => rm(directory, { recursive: true, force: true })];
    try {
      await terminal.step(name, async (say) => {
        series.push(...(await measure({ ...given, directory, say, afterwards: (end) => ends.push(end) })));
        return "measured";
      });
    } catch (error) {
      given.signal.throwIfAborted();
      failures.push(name);
      terminal.failure(`${name}: ${(error as Error).message}`);
    } finally {
      for (const end of ends.toReversed()) await end();
    }
  }
  terminal.title("Results");
  for (const each of series) terminal.print(`${growthTable(each)}\n`);
  await writeFile(picture, plotOf(series));
  terminal.line("Picture", picture);
  if (json !== undefined) await writeFile(json, `${JSON.stringify(series, null, 2)}\n`);
  if (failures.length > 0) throw new Error(`Not measured: ${failures.join(", ")}.`);
}
