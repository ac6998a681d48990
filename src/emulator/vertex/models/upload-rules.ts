/** What `models.upload` refuses at once, from the field descriptions of Model and ModelContainerSpec. */
import { unimplemented } from "../../google-error.js";
import { checkExplanationSpec, type ExplanationSpec } from "../explain/explanation-spec.js";
import type { JsonObject } from "../../proto/parse.js";
import { uploadModelRequest } from "../messages/model.js";
import { checkNaming } from "../resource-rules.js";
import { Violations } from "../violations.js";
import { isAlias } from "./aliases.js";
import type { ContainerSpec } from "./model-record.js";

const mostVariables = 200;
const longestVariable = 128 * 1024;
const mostVariableBytes = 512 * 1024;
const longestDeployment = 7200;

/** @throws GoogleError INVALID_ARGUMENT naming every field in error, UNIMPLEMENTED for `args` without `command`. */
export function checkUpload(request: JsonObject): void {
  const violations = new Violations();
  const model = (request["model"] ?? {}) as JsonObject;
  violations.required(uploadModelRequest, request);
  checkNaming(model, "model", violations);
  const modelId = request["modelId"] as string | undefined;
  if (modelId !== undefined && !/^[a-z_][a-z0-9_-]{0,62}$/.test(modelId)) {
    violations.add("model_id", "Must be at most 63 characters of [a-z0-9_-], and not begin with a number or hyphen.");
  }
  const artifactUri = model["artifactUri"] as string | undefined;
  if (artifactUri !== undefined && !/^gs:\/\/[^/]+/.test(artifactUri)) {
    violations.add("model.artifact_uri", `Expected a Cloud Storage URI that begins with gs://, got "${artifactUri}".`);
  }
  for (const alias of (model["versionAliases"] ?? []) as string[]) {
    if (!isAlias(alias))
      violations.add("model.version_aliases", `"${alias}" must match [a-z][a-zA-Z0-9-]{0,126}[a-z0-9].`);
  }
  const spec = model["containerSpec"] as ContainerSpec | undefined;
  if (spec) checkContainer(spec, violations);
  else if (request["model"] !== undefined) violations.add("model.container_spec", "Required field is not set.");
  const explanation = model["explanationSpec"] as ExplanationSpec | undefined;
  if (explanation) checkExplanationSpec(explanation, "model.explanation_spec", violations);
  violations.throwIfAny();
  if (spec?.args && !spec.command) {
    throw unimplemented(
      "The emulator keeps an image's ENTRYPOINT and CMD as one: with model.container_spec.args, set command too.",
    );
  }
}

function checkContainer(spec: ContainerSpec, violations: Violations): void {
  const path = "model.container_spec";
  for (const route of ["predictRoute", "healthRoute"] as const) {
    const given = spec[route];
    const field = route === "predictRoute" ? "predict_route" : "health_route";
    if (given !== undefined && !given.startsWith("/"))
      violations.add(`${path}.${field}`, `Must begin with "/", got "${given}".`);
  }
  const timeout = Number.parseFloat(spec.deploymentTimeout ?? "0");
  if (timeout < 0 || timeout > longestDeployment) {
    violations.add(`${path}.deployment_timeout`, `Must be between 0 and ${longestDeployment} seconds.`);
  }
  spec.ports?.forEach(({ containerPort = 0 }, index) => {
    if (containerPort >= 1 && containerPort <= 65535) return;
    violations.add(`${path}.ports[${index}].container_port`, "Must be between 1 and 65535.");
  });
  checkVariables(spec.env ?? [], path, violations);
}

function checkVariables(env: readonly { name?: string; value?: string }[], path: string, violations: Violations): void {
  if (env.length > mostVariables)
    violations.add(`${path}.env`, `At most ${mostVariables} environment variables can be specified.`);
  const sizes = env.map(({ name = "", value = "" }) => Buffer.byteLength(`${name}=${value}`));
  if (sizes.reduce((sum, each) => sum + each, 0) > mostVariableBytes) {
    violations.add(`${path}.env`, "The total size of all variables must not exceed 512 KiB.");
  }
  env.forEach(({ name }, index) => {
    if (name === undefined) return; // noted as required
    const field = `${path}.env[${index}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      violations.add(`${field}.name`, `"${name}" is not a valid C identifier.`);
    if (name.startsWith("AIP_"))
      violations.add(`${field}.name`, `"${name}": the prefix AIP_ is reserved for Vertex AI.`);
    if ((sizes[index] ?? 0) >= longestVariable) violations.add(field, "Each variable must be smaller than 128 KiB.");
  });
}
