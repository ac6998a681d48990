import { EventEmitter, once } from "node:events";

import type { ServingContainer } from "../../containers/serving-container.js";
import type { Deployment } from "./endpoint-record.js";

/** A request's hold on a model's server, which is not stopped before `done`. */
export interface ServerUse {
  /** The server's address; waits while it is being restarted, unless it is about to be stopped. */
  address(signal: AbortSignal): Promise<string>;
  /** Whether the model was undeployed meanwhile: a request that has not been sent belongs to another one. */
  readonly isLeaving: boolean;
  /** The answer has been read. May be called more than once. */
  done(): void;
}

/** A deployed model's process, and how many requests it is answering. */
export class ModelServer {
  deployment: Deployment;
  /** Its container's identity. */
  readonly token: string;
  readonly #container: ServingContainer;
  readonly #leaving = new AbortController();
  /** Emits `idle` when the last request is done. */
  readonly #events = new EventEmitter();
  #requests = 0;

  constructor(deployment: Deployment, container: ServingContainer, token: string) {
    this.deployment = deployment;
    this.#container = container;
    this.token = token;
  }

  use(): ServerUse {
    const leaving = this.#leaving.signal;
    let isDone = false;
    this.#requests++;
    return {
      address: (signal) => this.#container.address(AbortSignal.any([signal, leaving])),
      get isLeaving() {
        return leaving.aborted;
      },
      done: () => {
        if (isDone) return;
        isDone = true;
        if (--this.#requests === 0) this.#events.emit("idle");
      },
    };
  }

  /** Resolves when no request is being answered, or the signal is aborted: what is left then is cut off by `stop`. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#leaving.abort(new Error("The model was undeployed."));
    if (this.#requests > 0) await once(this.#events, "idle", { signal }).catch(() => {});
  }

  stop(): Promise<void> {
    return this.#container.stop();
  }
}
