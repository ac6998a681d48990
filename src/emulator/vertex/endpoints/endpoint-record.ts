import type { MonitoredResource } from "../../logs.js";
import type { Location } from "../locations.js";
import type { JsonObject } from "../../proto/parse.js";
import type { ExplanationSpec } from "../explain/explanation-spec.js";
import type { VersionRecord } from "../models/model-record.js";
import type { EndpointAddresses } from "./addresses.js";

/** `DeployedModel` as the emulator keeps and answers it. */
export interface DeployedModel {
  id: string;
  /** Canonical name, without a version. */
  model: string;
  modelVersionId: string;
  displayName: string;
  createTime: string;
  dedicatedResources: DedicatedResources;
  disableContainerLogging?: boolean;
  disableExplanations?: boolean;
  /** The model's own, with what the deploy request put in its place. */
  explanationSpec?: ExplanationSpec;
  status: { availableReplicaCount: number; lastUpdateTime: string };
}

export interface DedicatedResources {
  machineSpec: { machineType?: string; acceleratorType?: string; acceleratorCount?: number };
  minReplicaCount: number;
  maxReplicaCount: number;
  autoscalingMetricSpecs?: { metricName: string; target?: number }[];
}

/** A DeployedModel, with what is needed to run it. */
export interface Deployment {
  /** The endpoint's name. */
  endpoint: string;
  location: Location;
  deployed: DeployedModel;
  version: VersionRecord;
  /** What its container's log lines are of. */
  logged: MonitoredResource;
}

/** What the log lines of a model on an endpoint are of. */
export function endpointLogs(endpoint: string, { location, projectNumber }: Location): MonitoredResource {
  return {
    type: "aiplatform.googleapis.com/Endpoint",
    labels: { endpoint_id: idOf(endpoint), location, resource_container: projectNumber },
  };
}

/** Percentages by DeployedModel id. */
export type TrafficSplit = Readonly<Record<string, number>>;

/** `Endpoint` as the emulator keeps it; addresses are added when it is read. */
export interface EndpointRecord {
  name: string;
  displayName: string;
  description?: string;
  labels?: Record<string, string>;
  etag: string;
  createTime: string;
  updateTime: string;
  deployedModels: DeployedModel[];
  trafficSplit: TrafficSplit;
  dedicatedEndpointEnabled?: boolean;
  clientConnectionConfig?: { inferenceTimeout?: string };
  encryptionSpec?: JsonObject;
  /** Of an endpoint that only this network reaches: `projects/NUMBER/global/networks/NAME`. */
  network?: string;
}

/** `Endpoint` as Vertex AI answers it, defaults left out. */
export function endpointResource(record: EndpointRecord, addresses: EndpointAddresses): JsonObject {
  const { deployedModels, trafficSplit, labels, ...rest } = record;
  return {
    ...rest,
    ...(labels && Object.keys(labels).length > 0 && { labels }),
    ...(deployedModels.length > 0 && {
      deployedModels: deployedModels.map((each) => deployedModelResource(record, each, addresses)),
    }),
    ...(Object.keys(trafficSplit).length > 0 && { trafficSplit }),
    ...(record.dedicatedEndpointEnabled && { dedicatedEndpointDns: addresses.dedicatedDns(record.name) }),
  };
}

/** `DeployedModel` as Vertex AI answers it. */
export function deployedModelResource(
  endpoint: EndpointRecord,
  deployed: DeployedModel,
  addresses: EndpointAddresses,
): JsonObject {
  const privateEndpoints = addresses.privateEndpoints(endpoint, deployed.id);
  return { ...deployed, ...(privateEndpoints && { privateEndpoints }) };
}

/** The last part of a resource's name. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
