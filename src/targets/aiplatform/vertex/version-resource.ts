import type { aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/v1.js";

import type { ParentModel, VersionRequest } from "../../../core/services.js";

type Model = aiplatform_v1.Schema$GoogleCloudAiplatformV1Model;

const specLabel = "spec-hash";
/** How much of a spec's hash is kept: a label's value has at most 63 characters. */
const keptHashLength = 40;
const maxDisplayNameLength = 128;

/** The routes and the port of the serving container; it is told them as `AIP_PREDICT_ROUTE`, `AIP_HEALTH_ROUTE`, `AIP_HTTP_PORT`. */
const predictRoute = "/predict";
const healthRoute = "/health";
const port = 8080;

/** The version as `models.upload` takes it (`google.cloud.aiplatform.v1.Model`). */
export function modelResource(parent: ParentModel, request: VersionRequest): Model {
  const { spec, labels, artifactUri, imageUri } = request;
  const env = Object.entries(request.env).map(([name, value]) => ({ name, value: literal(value) }));
  return {
    displayName: Array.from(parent.displayName).slice(0, maxDisplayNameLength).join(""),
    versionDescription: specDescription(spec.specHash),
    labels,
    artifactUri,
    ...(request.encryptionKey !== null && { encryptionSpec: { kmsKeyName: request.encryptionKey } }),
    ...(request.explanationSpec !== null && { explanationSpec: request.explanationSpec }),
    containerSpec: {
      imageUri,
      ...(env.length > 0 && { env }),
      predictRoute,
      healthRoute,
      ports: [{ containerPort: port }],
      ...(request.deploymentTimeout !== undefined && { deploymentTimeout: `${request.deploymentTimeout}s` }),
    },
  };
}

/**
 * Whether a version says that it was made of the request's spec. The label alone does not tell: Vertex AI answers with
 * the labels of model and version merged, so that one may cover the other; a version's description is its own.
 */
export function describesSpec(version: Model, request: VersionRequest): boolean {
  const { specHash } = request.spec;
  return (
    version.labels?.[specLabel] === specHash.slice(0, keptHashLength) ||
    version.versionDescription === specDescription(specHash)
  );
}

/** Whether a version's description, which is its own as a label may not be, says that this package made it. */
export function isMadeHere({ versionDescription }: Model): boolean {
  return /^Made by mlflow-deployments of spec [0-9a-f]+\.$/.test(versionDescription ?? "");
}

function specDescription(specHash: string): string {
  return `Made by mlflow-deployments of spec ${specHash.slice(0, keptHashLength)}.`;
}

/** The variables that a version's container is given. */
export function containerEnv({ containerSpec }: Model): Record<string, string> {
  const variables = containerSpec?.env ?? [];
  return Object.fromEntries(
    variables.map(({ name, value }) => [name ?? "", (value ?? "").replaceAll("$$(", () => "$(")]),
  );
}

/** `$(NAME)` in a variable's value is expanded by the platform (`EnvVar.value`); `$$(NAME)` is not. */
function literal(value: string): string {
  return value.replaceAll("$(", () => "$$(");
}
