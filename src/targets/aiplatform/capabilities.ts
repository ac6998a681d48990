import { allCapabilities, type Capability } from "../../core/capabilities.js";
import { DeploymentError } from "../../core/errors.js";
import { predictionTarget } from "../../core/prediction-request.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";

/** What each platform has beyond the abstract methods. */
const capabilities: Record<AiPlatformSettings["platform"], readonly Capability[]> = {
  vertex: allCapabilities,
  legacy: ["logs", "diagnose", "background"],
};

/** The methods beyond the abstract ones, each by what a platform needs to have for it. */
const neededFor: Readonly<Record<string, Capability>> = {
  createEndpoint: "endpoints",
  updateEndpoint: "endpoints",
  deleteEndpoint: "endpoints",
  listEndpoints: "endpoints",
  getEndpoint: "endpoints",
  predictStream: "predictStream",
  explain: "explain",
  predictBatch: "batch",
  getLogs: "logs",
  planDeployment: "plan",
  planPrune: "prune",
  prune: "prune",
  diagnose: "diagnose",
  operation: "background",
  runLocal: "runLocal",
};

/** Why the legacy platform lacks a method, where its name alone would mislead: it had something of that kind. */
const legacyReasons: Readonly<Record<string, string>> = {
  // "Getting batch predictions" of AI Platform Prediction
  predictBatch: " Its batch predictions took TensorFlow's saved models only.",
};

/** What a platform has beyond the abstract methods. */
export function capabilitiesOf(platform: AiPlatformSettings["platform"]): readonly Capability[] {
  return capabilities[platform];
}

/**
 * Refuses what the platform of a call does not have: a method, or the option `endpoint` of one.
 *
 * @throws DeploymentError `NOT_IMPLEMENTED`; `INVALID_PARAMETER_VALUE` for a prediction that names a deployment as well.
 */
export function checkCapability(method: string, options: object, { platform }: AiPlatformSettings): void {
  const namesEndpoint = "endpoint" in options && options.endpoint !== undefined;
  const needed = neededFor[method] ?? (namesEndpoint ? "endpoints" : undefined);
  if (needed === undefined || capabilities[platform].includes(needed)) return;
  if (method === "predict") predictionTarget(options); // to name both is wrong on any platform
  const what = method in neededFor ? method : `the option endpoint of ${method}`;
  throw new DeploymentError(
    "NOT_IMPLEMENTED",
    `The platform "${platform}" of the target aiplatform does not have ${what}.${legacyReasons[method] ?? ""} The client's capabilities() lists what it has.`,
  );
}
