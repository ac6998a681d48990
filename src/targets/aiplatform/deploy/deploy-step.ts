import type { DeployedModel } from "../../../core/deployment.js";
import { OperationFailedError } from "../../../core/operation.js";
import type { DeploymentSpec } from "../../../core/record.js";
import type { DeployRequest, Endpoint, LogQuery, ModelVersion } from "../../../core/services.js";
import type { RecordSession } from "../../../rollout/record-session.js";
import { completeStep, type StepLimits } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import { scalingOf } from "./scaling.js";

interface DeployWork {
  name: string;
  spec: DeploymentSpec;
  /** How often the spec has failed before. */
  attempt: number;
  endpoint: Endpoint;
  version: ModelVersion;
  /** Takes away what a failure for good leaves, and says what it could not. */
  cleanUp: () => Promise<string>;
}

/** How many of the container's last lines an error shows. */
const shownLogLines = 20;
/** The log's clock is the platform's. */
const clockToleranceMs = 60_000;

/** Deploys the version on the endpoint: the platform starts the container, and says done when it is healthy. */
export async function ensureDeployed(
  work: DeployWork,
  session: RecordSession,
  call: Call,
  limits: StepLimits,
): Promise<DeployedModel> {
  const { name, spec, attempt, endpoint, version } = work;
  const { services, context } = call;
  const { endpointManager, names } = services;
  const id = names.deployedModelId(name, spec.specHash, attempt);
  const { pending } = session.record;
  const since = pending?.step === "deploy" ? Date.parse(pending.startedAt) : services.clock.now();
  try {
    const outcome = await completeStep<DeployedModel>(
      {
        step: "deploy",
        what: `version ${version.versionId} on the endpoint ${endpoint.id}`,
        find: async () => deployedModel(await endpointManager.find(endpoint.id, context), id),
        running: () => endpointManager.running(endpoint.id, context),
        attach: (operation) => endpointManager.attach(operation),
        start: async () => {
          const current = (await endpointManager.find(endpoint.id, context)) ?? endpoint;
          return endpointManager.deploy(current, deployRequest(id, work, current, call), context);
        },
      },
      session,
      context,
      limits,
    );
    return outcome.value;
  } catch (error) {
    if (!OperationFailedError.is(error)) throw error;
    const lines = await services.logReader.containerLog(endpoint.id, logQuery(since), { report: context.report });
    const log = lines.length > 0 ? `\nThe container's last lines:\n${lines.map((line) => `  ${line}`).join("\n")}` : "";
    const left = await work.cleanUp();
    throw new OperationFailedError(error.code, `${error.message}${left}${log}`, { cause: error });
  }
}

function logQuery(since: number): LogQuery {
  return { since: new Date(since - clockToleranceMs).toISOString(), lines: shownLogLines };
}

function deployedModel(endpoint: Endpoint | null, id: string): DeployedModel | null {
  return endpoint?.deployedModels.find((model) => model.id === id) ?? null;
}

function deployRequest(
  id: string,
  { name, version }: DeployWork,
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
    takesTraffic: endpoint.deployedModels.length === 0,
  };
}
