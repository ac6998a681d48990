import { DeploymentError } from "../core/errors.js";
import type { Operation } from "../core/operation.js";

/** Operations that do their work when they are first waited for, and are known by their names afterwards. */
export class MockOperations {
  readonly #known = new Map<string, Operation<unknown>>();

  /** A new operation; `work` runs once. */
  start<T>(work: () => T): Operation<T> {
    let result: { value: T } | undefined;
    const name = `operations/${this.#known.size + 1}`;
    const operation: Operation<T> = {
      name,
      wait: async () => (result ??= { value: work() }).value,
      cancel: async () => {},
    };
    this.#known.set(name, operation);
    return operation;
  }

  /** The operation of that name; a wait rejects when there is none. */
  attach<T>(name: string): Operation<T> {
    const unknown: Operation<T> = {
      name,
      wait: () => Promise.reject(new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no operation ${name}.`)),
      cancel: async () => {},
    };
    return (this.#known.get(name) as Operation<T> | undefined) ?? unknown;
  }
}
