import type { AiPlatformSettings } from "../config/setting-rules.js";
import { isAnyOf } from "../google/operations.js";
import { failed, fromError, type Finding, ok } from "./check.js";
import { ask, type Place } from "./place.js";

/** The APIs that a deployment calls. */
function neededApis({ platform, serving }: AiPlatformSettings): string[] {
  if (platform === "legacy") return ["ml", "storage", "logging"];
  return ["aiplatform", ...(serving === "build" ? ["cloudbuild", "artifactregistry"] : []), "storage", "logging"];
}

/** Whether the APIs that are called are enabled in the project. */
export async function apis(place: Place, signal: AbortSignal): Promise<Finding> {
  const project = await place.project();
  const parent = `projects/${project}`;
  const needed = neededApis(place.settings).map((api) => `${api}.googleapis.com`);
  const names = needed.map((api) => `${parent}/services/${api}`);
  try {
    const { services = [] } = await ask(
      place,
      "serviceusage",
      `Reading which APIs are enabled in the project ${project}`,
      signal,
      async (settings) => (await place.connection.serviceusage()).services.batchGet({ parent, names }, settings),
    );
    const enabled = new Set(
      services.filter(({ state }) => state === "ENABLED").map(({ name }) => name?.replace(/^.*\//, "")),
    );
    const missing = needed.filter((api) => !enabled.has(api));
    if (missing.length === 0) return ok(`Enabled in ${project}: ${needed.join(", ")}.`);
    return failed(
      `Not enabled in ${project}: ${missing.join(", ")}.`,
      `Run \`gcloud services enable ${missing.join(" ")} --project ${project}\`, and wait a minute.`,
    );
  } catch (error) {
    // to deploy, nobody has to be able to read this
    if (!isAnyOf(error, "PERMISSION_DENIED", "FAILED_PRECONDITION")) throw error;
    return fromError(error, "See the page APIs & Services of the Google Cloud console.", "warning");
  }
}
