import { DeploymentError } from "../core/errors.js";
import { type Operation, OperationFailedError } from "../core/operation.js";

/** One operation, and what it will have done when it is through. */
interface Started {
  operation: Operation<unknown>;
  /** The resource that it works on. */
  about: string;
  done: boolean;
}

/** Operations that do their work when they are first waited for, and are known by their names afterwards. */
export class MockOperations {
  readonly #known = new Map<string, Started>();

  /**
   * A new operation; `work` runs once, and what it throws is the operation's failure.
   *
   * @param about - The resource that it works on, for {@link running}.
   */
  start<T>(about: string, work: () => T): Operation<T> {
    let outcome: { value: T } | { error: unknown } | undefined;
    const name = `operations/${this.#known.size + 1}`;
    const operation: Operation<T> = {
      name,
      wait: async () => {
        outcome ??= attempt(work);
        started.done = true;
        if ("error" in outcome) throw outcome.error;
        return outcome.value;
      },
      cancel: async () => {},
    };
    const started: Started = { operation, about, done: false };
    this.#known.set(name, started);
    return operation;
  }

  /** The operations on a resource that nobody has waited for. */
  running<T>(about: string): Operation<T>[] {
    const started = [...this.#known.values()].filter((each) => each.about === about && !each.done);
    return started.map(({ operation }) => operation as Operation<T>);
  }

  /** The operation of that name; a wait rejects when there is none. */
  attach<T>(name: string): Operation<T> {
    const unknown: Operation<T> = {
      name,
      wait: () => Promise.reject(new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no operation ${name}.`)),
      cancel: async () => {},
    };
    return (this.#known.get(name)?.operation as Operation<T> | undefined) ?? unknown;
  }
}

function attempt<T>(work: () => T): { value: T } | { error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error: OperationFailedError.fromRefusal(error) ?? error };
  }
}
