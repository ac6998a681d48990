/** `ExplanationSpec`: what Vertex AI asks of one, and which one holds for a request. */
import { invalidArgument } from "../../google-error.js";
import type { JsonObject } from "../../proto/parse.js";
import { Violations } from "../violations.js";

/** Field by field optional until it is checked: a deploy request may leave any to the model. */
export interface ExplanationSpec {
  parameters?: ExplanationParameters;
  metadata?: ExplanationMetadata;
}

interface ExplanationParameters {
  sampledShapleyAttribution?: { pathCount?: number };
  /** -1: all outputs. */
  topK?: number;
  outputIndices?: unknown[];
}

interface ExplanationMetadata {
  /** By the feature's name, which is its key in an instance. */
  inputs?: Record<string, InputMetadata>;
  /** One, by the output's name, which is its key in a prediction. */
  outputs?: Record<string, OutputMetadata>;
}

export interface InputMetadata {
  inputBaselines?: unknown[];
  /** Features of a group are exchanged together, and have one attribution. */
  groupName?: string;
  /** Names of an array's elements. */
  indexFeatureMapping?: string[];
  encoding?: string;
  modality?: string;
}

export interface OutputMetadata {
  indexDisplayNameMapping?: unknown;
  /** Of the prediction's field with the display names. */
  displayNameMappingKey?: string;
}

const mostPaths = 50;
const mapped = ["BAG_OF_FEATURES", "BAG_OF_FEATURES_SPARSE", "INDICATOR"];

/** Checks a spec that is to be used for a model with a custom container. @param path Of the spec in the request. */
export function checkExplanationSpec(spec: ExplanationSpec, path: string, violations: Violations): void {
  const { parameters, metadata } = spec;
  if (!parameters) violations.add(`${path}.parameters`, "Required field is not set.");
  else checkParameters(parameters, `${path}.parameters`, violations);
  if (!metadata) violations.add(`${path}.metadata`, "Required field is not set.");
  else checkMetadata(metadata, `${path}.metadata`, violations);
}

function checkParameters(parameters: ExplanationParameters, path: string, violations: Violations): void {
  const { sampledShapleyAttribution, topK } = parameters;
  if (!sampledShapleyAttribution) violations.add(path, "An attribution method must be set.");
  const { pathCount } = sampledShapleyAttribution ?? {};
  if (pathCount !== undefined && (pathCount < 1 || pathCount > mostPaths)) {
    violations.add(`${path}.sampled_shapley_attribution.path_count`, `Must be between 1 and ${mostPaths}.`);
  }
  if (topK !== undefined && topK < -1) violations.add(`${path}.top_k`, "Must be at least 1, or -1 for all outputs.");
}

function checkMetadata({ inputs = {}, outputs = {} }: ExplanationMetadata, path: string, violations: Violations): void {
  if (Object.keys(inputs).length === 0) violations.add(`${path}.inputs`, "Must have at least one input.");
  if (Object.keys(outputs).length !== 1) violations.add(`${path}.outputs`, "Must have exactly one output.");
  for (const [name, { encoding, modality, indexFeatureMapping }] of Object.entries(inputs)) {
    const at = `${path}.inputs[${name}]`;
    if (modality !== undefined && !["numeric", "image"].includes(modality)) {
      violations.add(`${at}.modality`, `Must be "numeric" or "image", got "${modality}".`);
    }
    if (encoding !== undefined && mapped.includes(encoding) && !indexFeatureMapping) {
      violations.add(`${at}.index_feature_mapping`, `Required with the encoding ${encoding}.`);
    }
  }
}

/**
 * The spec of a DeployedModel: the model's own, each of its two fields replaced by the request's.
 *
 * @param ofModel `Model.explanationSpec`.
 * @param deployed The DeployedModel in the request.
 * @throws GoogleError INVALID_ARGUMENT when the two do not make a whole spec.
 */
export function deployedSpec(ofModel: unknown, deployed: JsonObject): ExplanationSpec | undefined {
  const given = deployed["explanationSpec"] as ExplanationSpec | undefined;
  if (deployed["disableExplanations"] === true) return given;
  const spec = ofModel || given ? { ...(ofModel as ExplanationSpec | undefined), ...given } : undefined;
  if (spec && given) {
    const violations = new Violations();
    checkExplanationSpec(spec, "deployed_model.explanation_spec", violations);
    violations.throwIfAny();
  }
  return spec;
}

/**
 * The spec with what an ExplainRequest's `explanationSpecOverride` puts in its place.
 *
 * @throws GoogleError INVALID_ARGUMENT for an input that the spec does not have, or a value out of range.
 */
export function overriddenSpec(spec: ExplanationSpec, override: ExplanationSpec | undefined): ExplanationSpec {
  if (!override) return spec;
  const inputs = { ...spec.metadata?.inputs };
  for (const [name, { inputBaselines }] of Object.entries(override.metadata?.inputs ?? {})) {
    if (!Object.hasOwn(inputs, name)) {
      throw invalidArgument(`explanation_spec_override.metadata.inputs has "${name}", which the metadata do not have.`);
    }
    inputs[name] = { ...inputs[name], ...(inputBaselines && { inputBaselines }) };
  }
  const parameters = { ...spec.parameters, ...override.parameters };
  const violations = new Violations();
  checkParameters(parameters, "explanation_spec_override.parameters", violations);
  violations.throwIfAny();
  return { parameters, metadata: { ...spec.metadata, inputs } };
}
