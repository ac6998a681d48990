import type { DeploymentServices } from "../../core/services.js";

/** What the `aiplatform` client is composed of; each can be given to `getDeployClient` in place of the target's own. */
export interface AiPlatformServices extends DeploymentServices {
  names: PlatformNames;
}

/** A platform's legal forms of the names that people give. Pure, and the same for ever: they are identities. */
export interface PlatformNames {
  /** The id of the endpoint that a deployment owns. */
  endpointId(deploymentName: string): string;
  /** The id of an endpoint that deployments share, by the name that it is made with. */
  sharedEndpointId(endpointName: string): string;
  /**
   * The alias of a version name.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a name that no alias can stand for.
   */
  versionAlias(versionName: string): string;
  /** The id of the deployed model that an attempt to deploy a spec makes. */
  deployedModelId(deploymentName: string, specHash: string, attempt: number): string;
  /** A label's value that stands for the text. */
  labelValue(text: string): string;
}
