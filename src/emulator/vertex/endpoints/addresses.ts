import { type EndpointRecord, idOf } from "./endpoint-record.js";

/** `DeployedModel.privateEndpoints`. */
export interface PrivateEndpoints {
  predictHttpUri: string;
  explainHttpUri: string;
  healthHttpUri: string;
}

/** Where predictions are sent when not to the shared host. At Google these are hosts of their own, here paths. */
export class EndpointAddresses {
  readonly #url: () => string;

  /** @param url The emulator's own address; asked for only once it listens. */
  constructor(url: () => string) {
    this.#url = url;
  }

  /** Host, port and path prefix of a dedicated endpoint: what matters to a client is that SCHEME://{dns}/v1/… reaches it. */
  dedicatedDns(endpoint: string): string {
    return `${new URL(this.#url()).host}/dedicated/${idOf(endpoint)}`;
  }

  /** The URIs of a model on an endpoint in a network, whose end is that of Google's: `/v1/models/{id}:predict`. */
  privateEndpoints({ name, network }: EndpointRecord, deployedModelId: string): PrivateEndpoints | undefined {
    if (network === undefined) return undefined;
    const model = `${this.#url()}/private/${name}/v1/models/${deployedModelId}`;
    return { predictHttpUri: `${model}:predict`, explainHttpUri: `${model}:explain`, healthHttpUri: model };
  }
}
