import type { DeployedModel } from "../../../core/deployment.js";
import { DeploymentError } from "../../../core/errors.js";
import type { Endpoint } from "../../../core/services.js";
import type { RecordSession } from "../../../rollout/record-session.js";
import type { StepLimits } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import { shareOf, shiftTraffic } from "../deploy/traffic-step.js";
import { undeploy } from "../deploy/undeploy-step.js";

/** What takes over from what a deployment has served before. */
interface Successor {
  name: string;
  endpointId: string;
  /** Whether other deployments may be on the endpoint. */
  shared: boolean;
  deployed: DeployedModel;
}

/** So often somebody else may give the old one traffic while it is drained. */
const attempts = 5;

/** Gives a deployed model the deployment's share of the traffic, and undeploys what else there is of the deployment. */
export async function takeOver(
  { name, endpointId, shared, deployed }: Successor,
  session: RecordSession,
  call: Call,
  limits: StepLimits,
): Promise<Endpoint> {
  const { services, settings, given, context } = call;
  const target = { endpointId, name, deployedModelId: deployed.id };
  const share = (now: Endpoint): number | null => {
    if (shared && given.has("trafficPercent")) return settings.trafficPercent ?? null;
    const present = shareOf(now, name);
    if (present > 0) return present;
    return shared ? null : 100;
  };
  for (let attempt = 1; ; attempt++) {
    const endpoint = await shiftTraffic(target, share, () => session.begun("traffic"), call);
    if (predecessors(endpoint, name, deployed).length === 0) return endpoint;
    await services.clock.sleep(settings.drainSeconds * 1000, context.signal);
    const drained = (await services.endpointManager.find(endpointId, context)) ?? endpoint;
    const old = predecessors(drained, name, deployed);
    if (old.every((model) => model.trafficPercent === 0)) {
      const ids = old.map(({ id }) => id);
      return undeploy(drained, ids, session, call, limits);
    }
    if (attempt >= attempts) throw trafficReturns(name);
  }
}

function predecessors(endpoint: Endpoint, name: string, { id }: DeployedModel): DeployedModel[] {
  return endpoint.deployedModels.filter((model) => model.displayName === name && model.id !== id);
}

function trafficReturns(name: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_CONFLICT",
    `Somebody gives traffic to what "${name}" served before, again and again. Stop that, and run the same call again.`,
  );
}
