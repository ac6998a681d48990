import type { DeployedModel } from "../../../core/deployment.js";
import type { Operation } from "../../../core/operation.js";
import type { StepContext } from "../../../core/progress.js";
import type {
  DeployRequest,
  Endpoint,
  EndpointChange,
  EndpointManager,
  EndpointRequest,
  Scaling,
} from "../../../core/services.js";
import { finishedOperation, type GoogleOperation, isAnyOf, removal } from "../google/operations.js";
import {
  deployRequestBody,
  type DeployedModelResource,
  endpointPatch,
  endpointResource,
  type EndpointResource,
  scaleRequestBody,
  toDeployedModel,
  toEndpoint,
} from "./endpoint-resource.js";
import { type Send, VertexApi, type VertexOptions } from "./vertex-api.js";

/** The label of all that this package makes. */
const ours = "labels.managed-by=mlflow-deployments";

/** Endpoints of Vertex AI, what is deployed on them, and their traffic. */
export class VertexEndpointManager implements EndpointManager {
  readonly #vertex: VertexApi;

  constructor(options: VertexOptions) {
    this.#vertex = new VertexApi(options);
  }

  async find(endpointId: string, { signal }: StepContext): Promise<Endpoint | null> {
    const name = this.#vertex.names.endpoint(endpointId);
    const found = await this.#vertex.find({ doing: `Reading the endpoint ${name}`, signal }, (api, settings) =>
      api.endpoints.get({ name }, settings),
    );
    return found && toEndpoint(found, this.#vertex.names);
  }

  async list({ signal }: StepContext): Promise<Endpoint[]> {
    const { names } = this.#vertex;
    const found = await this.#vertex.pages(
      (pageToken) =>
        this.#vertex.call({ doing: `Listing the endpoints of ${names.parent}`, signal }, (api, settings) =>
          api.endpoints.list(
            { parent: names.parent, filter: ours, pageSize: 100, ...(pageToken && { pageToken }) },
            settings,
          ),
        ),
      (page) => page.endpoints,
    );
    return found.map((endpoint) => toEndpoint(endpoint, names));
  }

  async create(request: EndpointRequest, { signal }: StepContext): Promise<Operation<Endpoint>> {
    const { names } = this.#vertex;
    const doing = `Creating the endpoint ${names.endpoint(request.id)}`;
    const started = await this.#vertex.call({ doing, signal }, (api, settings) =>
      api.endpoints.create(
        { parent: names.parent, endpointId: request.id, requestBody: endpointResource(request) },
        settings,
      ),
    );
    return this.#vertex.operation(started.name, doing, (response) => toEndpoint(response as EndpointResource, names));
  }

  async deploy(endpoint: Endpoint, request: DeployRequest, { signal }: StepContext): Promise<Operation<DeployedModel>> {
    const doing = `Deploying the model version ${request.version.model}@${request.version.versionId} to the endpoint ${endpoint.name}`;
    const started = await this.#vertex.call({ doing, signal }, (api, settings) =>
      api.endpoints.deployModel({ endpoint: endpoint.name, requestBody: deployRequestBody(request) }, settings),
    );
    return this.#vertex.operation(started.name, doing, (response) => {
      const deployed = (response["deployedModel"] ?? {}) as DeployedModelResource;
      const traffic = request.takesTraffic ? 100 : 0;
      return toDeployedModel({ ...deployed, id: deployed.id ?? request.deployedModelId }, traffic, this.#vertex.names);
    });
  }

  async undeploy(endpoint: Endpoint, deployedModelId: string, { signal }: StepContext): Promise<Operation<void>> {
    const doing = `Undeploying the deployed model ${deployedModelId} from the endpoint ${endpoint.name}`;
    return this.#unlessGone(
      endpoint.name,
      doing,
      (api, settings) =>
        api.endpoints.undeployModel({ endpoint: endpoint.name, requestBody: { deployedModelId } }, settings),
      signal,
    );
  }

  async setTraffic(endpoint: Endpoint, split: Record<string, number>, context: StepContext): Promise<Endpoint> {
    const { names } = this.#vertex;
    const trafficSplit = withoutZeros(split);
    const requestBody = { trafficSplit, ...(endpoint.etag !== null && { etag: endpoint.etag }) };
    try {
      const changed = await this.#vertex.call(
        { doing: `Changing the traffic of the endpoint ${endpoint.name}`, signal: context.signal },
        (api, settings) =>
          api.endpoints.patch({ name: endpoint.name, updateMask: "trafficSplit", requestBody }, settings),
      );
      return toEndpoint(changed, names);
    } catch (error) {
      // after a lost answer, the repeated request meets the etag that the first one made
      const current = isAnyOf(error, "RESOURCE_CONFLICT") ? await this.find(endpoint.id, context) : null;
      if (current && sameSplit(current.trafficSplit, trafficSplit)) return current;
      throw error;
    }
  }

  async update(endpoint: Endpoint, change: EndpointChange, { signal }: StepContext): Promise<Endpoint> {
    const { requestBody, updateMask } = endpointPatch(change, endpoint.etag);
    const changed = await this.#vertex.call(
      { doing: `Changing the endpoint ${endpoint.name}`, signal },
      (api, settings) => api.endpoints.patch({ name: endpoint.name, updateMask, requestBody }, settings),
    );
    return toEndpoint(changed, this.#vertex.names);
  }

  async scale(
    endpoint: Endpoint,
    deployedModelId: string,
    scaling: Scaling,
    { signal }: StepContext,
  ): Promise<Operation<void>> {
    const doing = `Scaling the deployed model ${deployedModelId} of the endpoint ${endpoint.name}`;
    const requestBody = scaleRequestBody(deployedModelId, endpoint, scaling);
    const started = await this.#vertex.call({ doing, signal }, (api, settings) =>
      api.endpoints.mutateDeployedModel({ endpoint: endpoint.name, requestBody }, settings),
    );
    return this.#vertex.operation(started.name, doing, () => undefined);
  }

  async delete(endpoint: Endpoint, { signal }: StepContext): Promise<Operation<void>> {
    return this.#unlessGone(
      endpoint.name,
      `Deleting the endpoint ${endpoint.name}`,
      (api, settings) => api.endpoints.delete({ name: endpoint.name }, settings),
      signal,
    );
  }

  async running(endpointId: string, { signal }: StepContext): Promise<Operation<void>[] | null> {
    const name = this.#vertex.names.endpoint(endpointId);
    const operations = await this.#vertex.unfinished((pageToken) =>
      this.#vertex.call({ doing: `Listing the operations of the endpoint ${name}`, signal }, (api, settings) =>
        api.endpoints.operations.list({ name, ...(pageToken && { pageToken }) }, settings),
      ),
    );
    if (operations === null) return null;
    return operations.map((operation) =>
      this.#vertex.operation(operation.name, `An operation on the endpoint ${name}`, () => undefined),
    );
  }

  attach(operationName: string): Operation<void> {
    return this.#vertex.operation(operationName, "An operation on an endpoint", () => undefined);
  }

  /** Starts to take something away; finished at once when it is not there. */
  async #unlessGone(
    resource: string,
    doing: string,
    send: Send<GoogleOperation>,
    signal: AbortSignal | undefined,
  ): Promise<Operation<void>> {
    const started = await this.#vertex.find({ doing, signal }, send);
    if (!started) return finishedOperation(resource, undefined);
    return removal(this.#vertex.operation(started.name, doing, () => undefined));
  }
}

function withoutZeros(split: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(split).filter(([, percent]) => percent > 0));
}

function sameSplit(a: Record<string, number>, b: Record<string, number>): boolean {
  const [left, right] = [withoutZeros(a), withoutZeros(b)];
  const ids = Object.keys(left);
  return ids.length === Object.keys(right).length && ids.every((id) => left[id] === right[id]);
}
