import { DeploymentError, type ErrorCode } from "../../../core/errors.js";
import type { PlanDeploymentOptions } from "../../../core/options.js";
import type { DeploymentPlan } from "../../../core/plan.js";
import { checkedName, createRequest } from "../arguments.js";
import type { Call } from "../call.js";
import type { AiPlatformConfig } from "../config/index.js";
import { checkSettings } from "../config/load-settings.js";
import { decideFor } from "../deploy/decide.js";
import { placeOf, seenFor } from "../deploy/place.js";
import { checkRoom } from "../deploy/shared-endpoint.js";
import { prepareWanted } from "../deploy/wanted.js";
import { withWorkDirectory } from "../deploy/work-directory.js";
import { observe } from "../observe.js";
import { findChange, isNothing } from "../update/find-change.js";
import { updatable, updateRequest } from "../update/updatable.js";
import { createSteps, updateSteps } from "./planned-steps.js";

type Options = PlanDeploymentOptions<AiPlatformConfig>;

/** The codes of errors that say what stands in the way, and not that nothing could be seen. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  "RESOURCE_ALREADY_EXISTS",
  "RESOURCE_DOES_NOT_EXIST",
  "RESOURCE_CONFLICT",
  "INVALID_PARAMETER_VALUE",
  "FAILED_PRECONDITION",
]);

/** What `createDeployment`, or `updateDeployment` of what is there, would do. */
export async function planDeployment(options: Options, call: Call): Promise<DeploymentPlan> {
  const name = checkedName(options.name ?? call.settings.modelName);
  try {
    const { deployed, record } = await observe(name, call, options.endpoint);
    const isFinished = deployed.length > 0 && (record === null || record.completedAt !== null);
    return await (isFinished ? planUpdate({ ...options, name }, call) : planCreate({ ...options, name }, call));
  } catch (error) {
    if (!DeploymentError.is(error) || !refusals.has(error.code)) throw error;
    return { name, action: "refuse", reason: error.message, differences: [], steps: [] };
  }
}

async function planCreate(options: Options, given: Call): Promise<DeploymentPlan> {
  const checked = { ...given, settings: { ...given.settings, ...checkSettings(given.settings) } };
  const request = createRequest(options, checked);
  const { call, shared } = await placeOf(request, checked);
  return withWorkDirectory(call.settings.tmpDir, async (directory) => {
    const wanted = await prepareWanted({ ...request, sharedEndpoint: shared?.id ?? null }, directory, call);
    const seen = await seenFor(request.name, shared, call);
    const decision = decideFor(wanted, seen, call);
    if (shared && decision === "proceed") checkRoom(shared, request.name, call);
    const steps = decision === "proceed" ? await createSteps(wanted, seen, call) : [];
    const action = decision === "proceed" ? "create" : "none";
    return { name: request.name, action, reason: null, differences: [], steps };
  });
}

async function planUpdate(options: Options & { name: string }, given: Call): Promise<DeploymentPlan> {
  const request = updateRequest(options);
  const { seen, version, call } = await updatable(request, options.endpoint, given);
  return withWorkDirectory(call.settings.tmpDir, async (directory) => {
    const change = await findChange(request, seen, version, directory, call);
    if (isNothing(change, seen)) {
      return { name: request.name, action: "none", reason: null, differences: [], steps: [] };
    }
    const { differences } = change;
    const steps = await updateSteps(change, seen, version);
    return { name: request.name, action: "update", reason: null, differences, steps };
  });
}
