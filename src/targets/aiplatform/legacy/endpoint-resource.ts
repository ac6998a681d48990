import type { Endpoint } from "../../../core/services.js";
import type { Model, Version } from "./ml-api.js";
import { parseDescription } from "./model-description.js";
import type { ResourceNames } from "./resource-names.js";
import { serves, toDeployedModel } from "./version-resource.js";

/** A model and its versions as the endpoint that they are: the default version has all the traffic. */
export function toEndpoint(model: Model, versions: readonly Version[], names: ResourceNames): Endpoint {
  const name = names.own(model.name ?? "");
  const { deploymentName, text } = parseDescription(model.description);
  const deployedModels = versions
    .filter((version) => serves(version))
    .map((version) => toDeployedModel(version, deploymentName, names));
  return {
    id: names.idOf(name),
    name,
    displayName: deploymentName ?? names.idOf(name),
    labels: model.labels ?? {},
    deployedModels,
    trafficSplit: Object.fromEntries(
      deployedModels
        .filter(({ trafficPercent }) => trafficPercent > 0)
        .map(({ id, trafficPercent }) => [id, trafficPercent]),
    ),
    etag: model.etag ?? null,
    dedicatedHost: null,
    encryptionKey: null,
    network: null,
    description: text,
    createTime: null,
  };
}
