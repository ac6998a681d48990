import { DeploymentError } from "./core/errors.js";
import type { TargetRegistry } from "./core/registry.js";
import { parseTargetUri } from "./core/target-uri.js";

/** MLflow's own variable. */
const variable = "MLFLOW_DEPLOYMENTS_TARGET";

/** The target that `getDeployClient()` takes when it is called without one: the one that was set, then the variable's. */
export class DefaultTarget {
  readonly #registry: TargetRegistry;
  #target: string | undefined;

  constructor(registry: TargetRegistry) {
    this.#registry = registry;
  }

  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` for what names no installed target. */
  set(target: string): void {
    const names = this.#registry.names();
    const isKnown = target.trim() !== "" && names.includes(parseTargetUri(target).target);
    if (!isKnown) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `The target provided is not a valid uri or the name of an installed target: "${target}". The installed targets are: ${names.join(", ")}.`,
      );
    }
    this.#target = target;
  }

  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` when there is none. */
  get(): string {
    const target = this.#target ?? process.env[variable]?.trim();
    if (target) return target;
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `No deployments target has been set. Name one, call setDeploymentsTarget, or set the environment variable ${variable}.`,
    );
  }
}
