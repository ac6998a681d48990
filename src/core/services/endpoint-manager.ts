import type { DeployedModel } from "../deployment.js";
import type { Operation } from "../operation.js";
import type { StepContext } from "../progress.js";
import type { ModelVersion } from "./version-manager.js";

/** 6: endpoints, what is deployed on them, and who gets the traffic. */
export interface EndpointManager {
  /** The endpoint of that id; null when there is none. */
  find(endpointId: string, context: StepContext): Promise<Endpoint | null>;
  /** All endpoints that this package made, over all pages. */
  list(context: StepContext): Promise<Endpoint[]>;
  /** Starts to make one. Rejects with `RESOURCE_ALREADY_EXISTS` when the id is taken. */
  create(request: EndpointRequest, context: StepContext): Promise<Operation<Endpoint>>;
  /** Starts to deploy a version; the operation is done when its container is healthy. */
  deploy(endpoint: Endpoint, request: DeployRequest, context: StepContext): Promise<Operation<DeployedModel>>;
  /** Starts to undeploy; done at once where there is nothing. The model must have no share of the traffic, or be the last. */
  undeploy(endpoint: Endpoint, deployedModelId: string, context: StepContext): Promise<Operation<void>>;
  /** Replaces the traffic split; fails with `RESOURCE_CONFLICT` if the endpoint changed since `endpoint` was read. */
  setTraffic(endpoint: Endpoint, split: Record<string, number>, context: StepContext): Promise<Endpoint>;
  /** Changes what an endpoint can change while it serves; what is left out stays. */
  update(endpoint: Endpoint, change: EndpointChange, context: StepContext): Promise<Endpoint>;
  /** Starts to change how a deployed model is scaled, while it serves. */
  scale(endpoint: Endpoint, deployedModelId: string, scaling: Scaling, context: StepContext): Promise<Operation<void>>;
  /** Starts to delete an endpoint on which nothing is deployed; done at once where there is none. */
  delete(endpoint: Endpoint, context: StepContext): Promise<Operation<void>>;
  /** Unfinished operations on an endpoint; null where the platform does not list them. */
  running(endpointId: string, context: StepContext): Promise<Operation<void>[] | null>;
  /** The operation of this name. */
  attach(operationName: string): Operation<void>;
}

/** An endpoint, what is deployed on it, and its traffic. */
export interface Endpoint {
  id: string;
  /** `projects/p/locations/l/endpoints/id`. */
  name: string;
  displayName: string;
  labels: Record<string, string>;
  deployedModels: DeployedModel[];
  /** Deployed model id to percent. */
  trafficSplit: Record<string, number>;
  etag: string | null;
  /** The host that predictions go to, where the endpoint has its own. */
  dedicatedHost: string | null;
  /** The customer-managed key that encrypts it. */
  encryptionKey: string | null;
  /** The network that it is reached through, and nothing else; null for a public endpoint. */
  network: string | null;
  description: string | null;
  createTime: string | null;
}

/** What an endpoint is made from. */
export interface EndpointRequest {
  id: string;
  displayName: string;
  labels: Record<string, string>;
  dedicated: boolean;
  /** The customer-managed key that encrypts it. */
  encryptionKey: string | null;
  /** The network that it is to be reached through, and nothing else; null for a public endpoint. */
  network: string | null;
  description: string | null;
  /** Seconds that one prediction may take on a dedicated endpoint; null for the platform's default. */
  inferenceTimeout: number | null;
}

/** What of an endpoint is to change. */
export interface EndpointChange {
  labels?: Record<string, string>;
  description?: string;
  /** Seconds that one prediction may take on a dedicated endpoint. */
  inferenceTimeout?: number;
}

/** How many replicas serve. */
export interface Scaling {
  minReplicaCount: number;
  maxReplicaCount: number;
  /** The target that autoscaling keeps, by the platform's name of the metric. Empty for the platform's default. */
  autoscalingTargets: Record<string, number>;
}

/** How a version runs. */
export interface DeployRequest extends Scaling {
  deployedModelId: string;
  displayName: string;
  version: ModelVersion;
  machineType: string;
  accelerator: { type: string; count: number } | null;
  serviceAccount: string | null;
  /** True for the first on an empty endpoint: it gets all the traffic. Else it gets none. */
  takesTraffic: boolean;
}
