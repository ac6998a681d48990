import type { DeployedModel } from "../../../core/deployment.js";
import type { DeploymentSpec } from "../../../core/record.js";
import type { DeployRequest, Endpoint, ModelVersion } from "../../../core/services.js";
import type { RecordSession } from "../../../rollout/record-session.js";
import { completeStep, type StepLimits, type StepOutcome } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import { scalingOf } from "./scaling.js";

interface DeployWork {
  name: string;
  spec: DeploymentSpec;
  /** Which attempt to deploy the spec it is. */
  attempt: number;
  endpoint: Endpoint;
  /** Whether the endpoint was made just now: nothing can be on it. */
  isNewEndpoint?: boolean;
  /** Whether other deployments may be on the endpoint. */
  shared: boolean;
  version: ModelVersion;
}

/** Deploys the version on the endpoint: the platform starts the container, and says done when it is healthy. */
export async function ensureDeployed(
  work: DeployWork,
  session: RecordSession,
  call: Call,
  limits: StepLimits,
): Promise<StepOutcome<DeployedModel>> {
  const { name, spec, attempt, endpoint, isNewEndpoint, version } = work;
  const { services, context } = call;
  const { endpointManager, names } = services;
  const id = names.deployedModelId(name, spec.specHash, attempt);
  let current = endpoint;
  return completeStep<DeployedModel>(
    {
      step: "deploy",
      what: `version ${version.versionId} on the endpoint ${endpoint.id}`,
      isAbsent: isNewEndpoint ?? false,
      find: async () => {
        current = (await endpointManager.find(endpoint.id, context)) ?? current;
        return current.deployedModels.find((model) => model.id === id) ?? null;
      },
      running: () => endpointManager.running(endpoint.id, context),
      attach: (operation) => endpointManager.attach(operation),
      start: () => endpointManager.deploy(current, deployRequest(id, work, current, call), context),
    },
    session,
    context,
    limits,
  );
}

function deployRequest(
  id: string,
  { name, version, shared }: DeployWork,
  endpoint: Endpoint,
  { settings }: Call,
): DeployRequest {
  const { acceleratorType, acceleratorCount } = settings;
  return {
    deployedModelId: id,
    displayName: name,
    version,
    machineType: settings.machineType,
    ...scalingOf(settings),
    accelerator: acceleratorType === undefined ? null : { type: acceleratorType, count: acceleratorCount ?? 1 },
    serviceAccount: settings.serviceAccount ?? null,
    // On an endpoint that looks empty, another deployment may be starting: the split of the one that is done last would
    // take the other's traffic. A private endpoint has no room for another, and no split that could be changed.
    takesTraffic: endpoint.deployedModels.length === 0 && (!shared || endpoint.network !== null),
  };
}
