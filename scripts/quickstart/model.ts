import { trainIris } from "../demo/iris-model.js";
import type { PythonInTracking } from "../demo/iris-model.js";

export interface ModelOptions extends PythonInTracking {
  say: (detail: string) => void;
}

/** Trains the iris model unless an earlier run did; returns what there is now, for a person. */
export async function findOrTrainIris(options: ModelOptions): Promise<string> {
  const query = new URLSearchParams({ name: "iris", alias: "champion" });
  const answer = await fetch(`${options.trackingUri}/api/2.0/mlflow/registered-models/alias?${query.toString()}`);
  if (answer.ok) {
    const { model_version: found } = (await answer.json()) as {
      model_version: { version: string };
    };
    return `models:/iris/${found.version}, trained in an earlier run`;
  }
  options.say("training");
  const { model_uri, accuracy } = await trainIris(options);
  return `${model_uri}, trained: right for ${Math.round(accuracy * 100)} % of flowers it never saw`;
}
