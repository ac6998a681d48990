import { EventEmitter, once } from "node:events";

import { DeploymentError } from "../../../core/errors.js";
import type { DeploymentDirectory } from "../state/deployment-directory.js";
import type { ServeRequest, SupervisorStatus } from "../state/supervisor-state.js";
import { LogFile } from "./log-file.js";
import { type Lease, Worker, type WorkerPlace } from "./worker.js";

/** How long a request waits for a process that is started again. */
const longestWaitMs = 60_000;

/** The worker that serves a deployment, and the change from one to the next. */
export class Supervisor {
  readonly #place: WorkerPlace;
  readonly #workers = new Set<Worker>();
  readonly #stopping = new AbortController();
  /** Emits `change` when another worker serves. */
  readonly #events = new EventEmitter().setMaxListeners(0);
  #current: Worker | null = null;
  #changes: Promise<unknown> = Promise.resolve();
  #pendingChanges = 0;

  constructor(
    readonly id: string,
    directory: DeploymentDirectory,
  ) {
    const log = new LogFile(directory.logs);
    this.#place = { homes: directory.homes, log: (line) => log.write(line) };
  }

  /** Writes a line of its own beside those of the processes. */
  log(line: string): void {
    this.#place.log(`supervisor: ${line}`);
  }

  /** Whether it neither serves nor is about to: nobody needs it. */
  get isIdle(): boolean {
    return this.#current === null && this.#pendingChanges === 0;
  }

  status(): SupervisorStatus {
    const worker = this.#current;
    const { id } = this;
    if (!worker) return { id, serving: null };
    const { pid, since, restarts, request } = worker;
    return { id, serving: { specHash: request.specHash, pid, since, restarts } };
  }

  /**
   * Has a spec served. What serves goes on until the new worker is healthy, and then ends what it has under way.
   *
   * @returns Whether anything changed.
   * @throws DeploymentError `FAILED_PRECONDITION` when the new one does not start, after which the old one goes on;
   * `CANCELLED`.
   */
  async serve(request: ServeRequest, signal: AbortSignal): Promise<boolean> {
    this.#pendingChanges++;
    const change = this.#changes.then(() => this.#change(request, AbortSignal.any([signal, this.#stopping.signal])));
    this.#changes = change.catch(() => {}); // told to who asked for it
    try {
      return await change;
    } finally {
      this.#pendingChanges--;
    }
  }

  /** The worker for a request that has just come; null when there is none, or none in time. */
  async lease(signal: AbortSignal): Promise<Lease | null> {
    let giveUp: AbortSignal | undefined;
    while (this.#current) {
      const lease = this.#current.lease();
      if (lease) return lease;
      giveUp ??= AbortSignal.any([signal, this.#stopping.signal, AbortSignal.timeout(longestWaitMs)]);
      if (giveUp.aborted) return null;
      await this.#changed(this.#current, giveUp);
    }
    return null;
  }

  /** Stops all workers, also those that still have requests under way. */
  async stop(graceMs?: number): Promise<void> {
    this.#stopping.abort();
    this.#current = null;
    await this.#changes;
    await Promise.all([...this.#workers].map((worker) => worker.stop(graceMs)));
  }

  async #change(request: ServeRequest, signal: AbortSignal): Promise<boolean> {
    const old = this.#current;
    if (old?.request.specHash === request.specHash) return false;
    const env = request.env ?? old?.request.env;
    if (!env) {
      throw new DeploymentError(
        "FAILED_PRECONDITION",
        "The values of its environment variables are not known any more, since they are kept in memory only. Pass config.env again.",
      );
    }
    const worker = await Worker.start({ ...request, env }, this.#place, signal);
    this.#workers.add(worker);
    if (signal.aborted) {
      await this.#retire(worker);
      throw new DeploymentError("CANCELLED", "The change was cancelled.");
    }
    this.#current = worker;
    this.#events.emit("change");
    if (old) void this.#retire(old);
    return true;
  }

  async #retire(worker: Worker): Promise<void> {
    await worker.retire();
    this.#workers.delete(worker);
  }

  async #changed(worker: Worker, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    await Promise.race([worker.nextStart(either), once(this.#events, "change", { signal: either }).catch(() => {})]);
    done.abort();
  }
}
