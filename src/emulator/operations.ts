/**
 * Long-running operations, the `google.longrunning.Operation` contract that Vertex AI, Cloud Build and Artifact
 * Registry share: a request answers at once with an unfinished operation, which a caller polls, waits for or cancels.
 */
import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { aborted, failedPrecondition, GoogleError, notFound } from "./google-error.js";
import type { Collection, StateStore } from "./state.js";

/** What `operations.get` answers: `google.longrunning.Operation` as JSON. */
export interface OperationResource {
  name: string;
  metadata: Record<string, unknown>;
  done: boolean;
  error?: { code: number; message: string; details?: unknown[] };
  response?: unknown;
}

/** Where an operation is addressed: `{parent}/{kind}/{id}`. */
export interface OperationTarget {
  /** Resource the operation belongs to, such as `projects/p/locations/l/endpoints/e`; `""` for none. */
  parent: string;
  /** Path between parent and id, default `operations`; Cloud Build's is `operations/build/PROJECT`. */
  kind?: string;
  /** Default: nineteen random digits, as Vertex AI's. */
  id?: string;
}

/** What the work of an operation is given. */
export interface OperationContext {
  /** Merges `patch` into the operation's metadata, visible to the next poll. */
  update: (patch: Record<string, unknown>) => void;
  /** Aborted by `cancel` and when the emulator stops; honouring it is best effort, as at Google. */
  signal: AbortSignal;
}

/** The names of `google.rpc.Code`, each at its number. */
const rpcCodes = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

interface Running {
  abort: AbortController;
  finished: Promise<void>;
}

/** Starts operations, keeps them in the emulator's state, and answers `google.longrunning.Operations` requests. */
export class Operations {
  readonly #records: Collection<OperationResource>;
  readonly #running = new Map<string, Running>();
  /** The least time that work of the service takes, in milliseconds. */
  readonly latencyMs: number;

  /**
   * @param options.latencyMs least time in milliseconds between an operation's start and its effect.
   */
  constructor(options: { state: StateStore; latencyMs: number }) {
    this.#records = options.state.collection<OperationResource>("operations");
    this.latencyMs = options.latencyMs;
    this.#abortLost();
  }

  /**
   * Begins `work` after the latency; what it resolves to becomes the operation's `response`, a rejection its `error`.
   *
   * @param onEnd Called when the operation is over, even if it was cancelled before its work began.
   */
  start<T>(
    target: OperationTarget,
    metadata: Record<string, unknown>,
    work: (context: OperationContext) => Promise<T>,
    onEnd: () => void = () => {},
  ): OperationResource {
    const id = target.id ?? randomId();
    const name = [target.parent, target.kind ?? "operations", id].filter(Boolean).join("/");
    const createTime = new Date().toISOString();
    const operation: OperationResource = {
      name,
      metadata: stamped(metadata, { createTime, updateTime: createTime }),
      done: false,
    };
    this.#records.set(name, operation);
    const abort = new AbortController();
    this.#running.set(name, { abort, finished: this.#run(name, abort.signal, work).finally(onEnd) });
    return structuredClone(operation);
  }

  has(name: string): boolean {
    return this.#records.has(name);
  }

  /** @throws GoogleError NOT_FOUND. */
  get(name: string): OperationResource {
    return structuredClone(this.#record(name));
  }

  /** Operations at or below a resource, such as all of a location's. */
  list(parentPath: string): OperationResource[] {
    const records = this.#records.values().filter((each) => each.name.startsWith(`${parentPath}/`));
    return structuredClone(records);
  }

  /** Answers when the operation is done, or as it stands after `timeoutMs`. */
  async wait(name: string, timeoutMs: number): Promise<OperationResource> {
    this.#record(name);
    const running = this.#running.get(name);
    if (running) {
      const timer = new AbortController();
      const timeout = delay(timeoutMs, undefined, { signal: timer.signal, ref: false }).catch(() => {});
      await Promise.race([running.finished, timeout]);
      timer.abort();
    }
    return this.get(name);
  }

  /** Asks the work to stop. One that gets done all the same is reported as done. */
  cancel(name: string): void {
    this.#record(name);
    this.#running.get(name)?.abort.abort(new GoogleError(499, "CANCELLED", "The operation was cancelled."));
  }

  /** Forgets a finished operation. */
  delete(name: string): void {
    if (!this.#record(name).done) {
      throw failedPrecondition(`Operation ${name} is not done and cannot be deleted.`);
    }
    this.#records.delete(name);
  }

  /** Interrupts all running work, which then reads as ABORTED, and waits for it to end. */
  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    for (const each of running) each.abort.abort(lost());
    await Promise.all(running.map((each) => each.finished));
  }

  async #run<T>(name: string, signal: AbortSignal, work: (context: OperationContext) => Promise<T>): Promise<void> {
    const update = (patch: Record<string, unknown>) =>
      this.#merge(name, (each) => ({ metadata: { ...each.metadata, ...patch } }));
    try {
      await delay(this.latencyMs, undefined, { signal });
      const response = await work({ update, signal });
      this.#merge(name, () => ({ done: true, response }));
    } catch (error) {
      const failure = signal.aborted ? signal.reason : error;
      this.#merge(name, () => ({ done: true, error: rpcStatus(failure) }));
    } finally {
      this.#running.delete(name);
    }
  }

  #merge(name: string, change: (operation: OperationResource) => Partial<OperationResource>): void {
    const operation = this.#record(name);
    const changed = { ...operation, ...change(operation) };
    this.#records.set(name, {
      ...changed,
      metadata: stamped(changed.metadata, { updateTime: new Date().toISOString() }),
    });
  }

  /** Work that a crash interrupted can't be picked up: its operation says so instead of running for ever. */
  #abortLost(): void {
    for (const operation of this.#records.values()) {
      if (!operation.done) this.#records.set(operation.name, { ...operation, done: true, error: rpcStatus(lost()) });
    }
  }

  #record(name: string): OperationResource {
    const operation = this.#records.get(name);
    if (!operation) throw notFound(`The operation ${name} was not found.`);
    return operation;
  }
}

/** Vertex AI's metadata hold their times in `genericMetadata`; other services' metadata pass unchanged. */
function stamped(metadata: Record<string, unknown>, times: Record<string, string>): Record<string, unknown> {
  const generic = metadata["genericMetadata"];
  return typeof generic === "object" && generic !== null
    ? { ...metadata, genericMetadata: { ...generic, ...times } }
    : { ...metadata };
}

/** `error` as a `google.rpc.Status`. */
export function rpcStatus(error: unknown): NonNullable<OperationResource["error"]> {
  const { status, message, details } = GoogleError.from(error);
  return {
    code: rpcCodes.includes(status) ? rpcCodes.indexOf(status) : rpcCodes.indexOf("UNKNOWN"),
    message,
    ...(details && { details }),
  };
}

/** Why work did not go on that was under way when the emulator stopped. */
export function lost(): GoogleError {
  return aborted("The operation was interrupted by a restart of the emulator.");
}

function randomId(): string {
  return String(randomInt(1, 10)) + Array.from({ length: 18 }, () => randomInt(0, 10)).join("");
}
