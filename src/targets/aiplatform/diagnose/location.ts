import { isAnyOf } from "../google/operations.js";
import { failed, type Finding, fromError, ok, skipped } from "./check.js";
import { ask, type Place } from "./place.js";

/** Whether Vertex AI is in the region. */
export async function location(place: Place, signal: AbortSignal): Promise<Finding> {
  const { settings, connection } = place;
  const region = settings.location;
  if (connection.emulator !== null) return ok(`${region}; the emulator has every region.`);
  if (settings.platform === "legacy") return skipped(`${region}; the legacy platform has no list of its regions.`);
  const name = `projects/${await place.project()}/locations/${region}`;
  try {
    await ask(place, "aiplatform", `Reading the region ${name}`, signal, async (call) =>
      (await connection.aiplatform(region)).projects.locations.get({ name }, call),
    );
    return ok(`Vertex AI is in ${region}.`);
  } catch (error) {
    if (isAnyOf(error, "PERMISSION_DENIED")) {
      return fromError(error, "Make sure that the location is a region of Vertex AI.", "warning");
    }
    if (!isAnyOf(error, "RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")) throw error;
    return failed(
      `Vertex AI has no region ${region}.`,
      "Set location (GOOGLE_CLOUD_LOCATION) to one of https://cloud.google.com/vertex-ai/docs/general/locations.",
    );
  }
}
