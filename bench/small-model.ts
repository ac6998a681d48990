import { join } from "node:path";
import type { Surroundings } from "./measurement.js";
import { runForJson } from "./program.js";
import type { ServedModel } from "./servers.js";

/** A model of four named columns, and a request of two rows. */
export interface SmallModel extends ServedModel {
  columns: readonly string[];
  /** A request of other rows. */
  requestOf(rows: readonly (readonly number[])[]): string;
}

export const flowers = [
  [5.1, 3.5, 1.4, 0.2],
  [6.2, 2.9, 4.3, 1.3],
];

/** Trains it. */
export async function trainSmallModel({ python, directory, signal }: Surroundings): Promise<SmallModel> {
  const model = join(directory, "model");
  const columns = await runForJson<string[]>(python, "peers/train_model.py", { directory: model }, { signal });
  const requestOf: SmallModel["requestOf"] = (rows) => {
    const instances = rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
    return JSON.stringify({ instances });
  };
  return { directory: model, columns, body: requestOf(flowers), requestOf };
}
