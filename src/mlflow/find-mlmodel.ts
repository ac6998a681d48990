import { DeploymentError } from "../core/errors.js";
import type { Artifact } from "./artifact.js";
import type { ModelPlace } from "./locate.js";
import { mlmodelFile } from "./mlmodel.js";
import { withoutCredentials } from "./printable-uri.js";
import { shortList } from "./short-list.js";

/**
 * The MLmodel file among a model's files.
 *
 * @param list The files below directories; only asked when there is no MLmodel, for what to say then.
 * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` with what is there, and where models are.
 */
export async function findMlmodel(
  artifacts: readonly Artifact[],
  modelUri: string,
  place: ModelPlace,
  list: (directoryUris: readonly string[]) => Promise<Artifact[]>,
): Promise<Artifact> {
  const found = artifacts.find(({ path }) => path === mlmodelFile);
  if (found !== undefined) return found;

  const uri = withoutCredentials(modelUri).replace(/\/+$/, "");
  const models = modelsAmong(artifacts, uri);
  if (models.length === 0) models.push(...(await place.alternatives().catch(() => [])));
  if (models.length === 0 && place.root !== null) {
    const above = await list(place.root.artifactUris).catch(() => []);
    models.push(...modelsAmong(above, place.root.uri));
  }
  const names = [...new Set(artifacts.map(({ path }) => path.replace(/\/.*$/, "/")))];
  const there = names.length === 0 ? "nothing is there" : `there are ${shortList(names)}`;
  const advice =
    models.length > 0
      ? `Models are at ${shortList(models)}.`
      : "A model URI names the directory that has the MLmodel file.";
  throw new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `${uri} is no model: it has no MLmodel file; ${there}. ${advice}`,
  );
}

/** The URIs of the models among the files below `uri`. */
function modelsAmong(artifacts: readonly Artifact[], uri: string): string[] {
  return artifacts.flatMap(({ path }) => {
    if (path === mlmodelFile) return [uri];
    return path.endsWith(`/${mlmodelFile}`) ? [`${uri}/${path.slice(0, -mlmodelFile.length - 1)}`] : [];
  });
}
