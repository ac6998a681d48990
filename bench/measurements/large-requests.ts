import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { load, startServers } from "../load.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { runForJson } from "../program.js";
import { modelServers, type RunningServer } from "../servers.js";

const connections = 2;
/** By the metric: the model's folder. */
const models = { records: "records", image: "image" } as const;

/** Requests a second of large requests: 1,000 rows of 50 named columns, and a picture of 3 x 224 x 224. */
export const largeRequests: Measurement = { name: "large-requests", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const { python, directory, signal } = surroundings;
  await runForJson<null>(python, "peers/train_large_models.py", { directory }, { signal });
  const byModel: Record<string, Record<string, RunningServer>> = {};
  for (const [metric, folder] of Object.entries(models)) {
    const model = join(directory, folder, "model");
    const instances = await readFile(join(directory, folder, "instances.json"), "utf8");
    const place = { ...surroundings, directory: join(directory, `servers of ${metric}`) };
    await mkdir(place.directory);
    const starts = await modelServers({ directory: model, body: `{"instances":${instances}}` }, place);
    byModel[metric] = await startServers(starts, rounded, surroundings);
  }
  const names = Object.keys(Object.values(byModel)[0] ?? {});
  const round = async (name: string): Promise<Numbers> => {
    const numbers: Numbers = {};
    for (const [metric, servers] of Object.entries(byModel)) {
      const server = servers[name];
      if (server) numbers[metric] = (await load(server, { connections }, surroundings))["requestsPerSecond"] ?? NaN;
    }
    return numbers;
  };
  return Object.fromEntries(names.map((name) => [name, () => round(name)]));
}

/** To the digits that a float has: one server writes it as the double that it is, another as short as it can be. */
function rounded(answer: unknown): unknown {
  const { predictions } = answer as { predictions: unknown };
  return JSON.parse(
    JSON.stringify(predictions, (_, value: unknown) =>
      typeof value === "number" ? Number(value.toPrecision(6)) : value,
    ),
  );
}
