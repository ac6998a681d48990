import type { BaseDeploymentClient } from "./base-client.js";
import type { LocalServer, RunLocalOptions } from "./local-server.js";
import type { TargetUri } from "./target-uri.js";

/** What a target is to the registry: a name, and a way to make its client. */
export interface DeploymentTargetPlugin<Client extends BaseDeploymentClient<never> = BaseDeploymentClient<never>> {
  /**
   * The target's name, as in `getDeployClient("aiplatform")`: a lower-case letter, then lower-case letters, digits, `+`,
   * `-`, `.`, `_`. The same as the one that the package.json offers it by.
   */
  readonly name: string;
  /** Makes a client. Cheap: heavy libraries load at the client's first call. */
  createClient(target: TargetUri, options: ClientOptions): Client;
  /** Text for a person: what the target is and every setting it takes. */
  targetHelp(): string | Promise<string>;
  /**
   * Serves a model on this machine the way the target would. A target that cannot throws `NOT_IMPLEMENTED`.
   *
   * @param target - As `createClient` gets it.
   */
  runLocal(target: TargetUri, options: RunLocalOptions<never>): Promise<LocalServer>;
}

/** What `getDeployClient` takes beside the target. A target narrows both parts. */
export interface ClientOptions {
  /** Settings for all calls of this client; a call's own `config` goes before them. */
  config?: object | undefined;
  /** Services that take the place of the target's own, by their names. */
  services?: object | undefined;
}

/** What a plugin must have, and of which type, in the order that an error names them. */
export const requiredOfPlugin = {
  name: "string",
  createClient: "function",
  targetHelp: "function",
  runLocal: "function",
} as const satisfies Record<keyof DeploymentTargetPlugin, "string" | "function">;
