import { join } from "node:path";
import type { Surroundings } from "./measurement.js";
import { runForJson } from "./program.js";

/** A model of four named columns, saved by MLflow. */
export interface SmallModel {
  directory: string;
  /** A request of two rows, in the form that every server takes. */
  body: string;
}

const flowers = [
  [5.1, 3.5, 1.4, 0.2],
  [6.2, 2.9, 4.3, 1.3],
];

/** Trains it. */
export async function trainSmallModel({ python, directory, signal }: Surroundings): Promise<SmallModel> {
  const model = join(directory, "model");
  const columns = await runForJson<string[]>(python, "peers/train_model.py", { directory: model }, { signal });
  const instances = flowers.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]])));
  return { directory: model, body: JSON.stringify({ instances }) };
}
