import { removal } from "../google/operations.js";
import type { MlApi } from "./ml-api.js";

/** Deletes a version, and waits until it is gone. True when there was one. */
export async function removeVersion(ml: MlApi, name: string, signal: AbortSignal | undefined): Promise<boolean> {
  const doing = `Deleting the model version ${name}`;
  const started = await ml.find({ doing, signal }, (api, settings) => api.models.versions.delete({ name }, settings));
  if (!started) return false;
  await removal(ml.operation(started.name, doing, () => undefined)).wait({ signal });
  return true;
}

/** Deletes what a failed creation has left: it never serves, and holds the name. */
export async function removeFailed(ml: MlApi, name: string, signal: AbortSignal | undefined): Promise<void> {
  const there = await ml.version(name, signal);
  if (there?.state === "FAILED") await removeVersion(ml, name, signal);
}

/** Deletes all that failed creations have left in a model. */
export async function removeAllFailed(ml: MlApi, model: string, signal: AbortSignal | undefined): Promise<void> {
  for (const { name, state } of await ml.versions(model, signal)) {
    if (state === "FAILED") await removeVersion(ml, ml.names.own(name ?? ""), signal);
  }
}
