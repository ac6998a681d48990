import type { Endpoint } from "../../../core/services.js";
import type { CreateRequest } from "../arguments.js";
import type { Call } from "../call.js";
import { required } from "../config/load-settings.js";
import { sharedEndpoint } from "../endpoint-lookup.js";
import { observe, type Observed, observedOn } from "../observe.js";
import { deploymentLabels } from "../spec.js";
import { completeSettings } from "./complete-settings.js";
import { checkOwnTraffic, onSharedEndpoint } from "./shared-endpoint.js";

/** Where the deployment goes, and the call with all of its settings. What is refused here is refused before anything is sent. */
export async function placeOf(request: CreateRequest, given: Call): Promise<{ call: Call; shared: Endpoint | null }> {
  const call = { ...given, settings: completeSettings(request.name, given.settings) };
  const { settings, services, context } = call;
  const bucket = required(settings, "productionBucket");
  deploymentLabels(request.name, settings, services.names);
  if (settings.versionName !== undefined) services.names.versionAlias(settings.versionName);
  if (request.endpoint === null) checkOwnTraffic(call);
  const [shared] = await Promise.all([
    request.endpoint === null ? null : sharedEndpoint(request.endpoint, call),
    services.uploader.checkBucket(bucket, settings.location, context),
  ]);
  return { call: shared ? onSharedEndpoint(shared, call) : call, shared };
}

/** What there is of the deployment: where it is now, or else where it is to be. */
export async function seenFor(name: string, shared: Endpoint | null, call: Call): Promise<Observed> {
  const seen = await observe(name, call);
  const id = shared?.id ?? call.services.names.endpointId(name);
  if (seen.deployed.length > 0 || (seen.endpoint?.id ?? id) === id) {
    return seen.endpoint || !shared ? seen : observedOn(shared, seen, call);
  }
  return observedOn(shared ?? (await call.services.endpointManager.find(id, call.context)), seen, call);
}
