import { failed, type Finding, ok } from "./check.js";
import type { Place } from "./place.js";

/** Whether an emulator takes the place of Google Cloud, and answers. */
export async function emulator({ connection }: Place, signal: AbortSignal): Promise<Finding> {
  if (connection.emulator === null) return ok("Not in use: requests go to Google Cloud.");
  const { default: axios } = await import("axios");
  try {
    await axios.head(`${connection.emulator}/`, { proxy: false, maxRedirects: 0, validateStatus: () => true, signal });
  } catch {
    return failed(
      `The emulator at ${connection.emulator} does not answer.`,
      "Start it with `mlflow-deployments emulator`, or unset AIPLATFORM_EMULATOR_HOST to use Google Cloud.",
    );
  }
  return ok(`In use: everything goes to ${connection.emulator}, nothing to Google Cloud.`);
}
