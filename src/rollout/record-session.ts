import type { Clock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import type { DeploymentStep, StepContext } from "../core/progress.js";
import type { DeploymentRecord, DeploymentSpec, HistoryEntry, PendingStep, RecordLock } from "../core/record.js";
import type { DeploymentStore, StoredRecord } from "../core/services.js";
import { withHistory } from "./history.js";
import { forget, isHeld, lockedError, newLock, renewalMs, renewed } from "./lock.js";

/** What is to be written into a record's history. */
export interface Happened extends Pick<HistoryEntry, "action" | "outcome"> {
  spec: DeploymentSpec | null;
  /** What the caller said of it. */
  message: string | null;
  /** Why it failed. */
  error?: string;
  /** Which attempt it was that failed. */
  attempt?: number;
}

/** What of a record a session's owner may change. */
type RecordChange = Partial<Omit<DeploymentRecord, "lock" | "name" | "schemaVersion">>;

/**
 * One process's work on a deployment, under the lock of its record: what is about to be done is written down before it
 * is done, so that a later process can go on. Ends with {@link RecordSession.end}.
 */
export class RecordSession {
  readonly #store: DeploymentStore;
  readonly #clock: Clock;
  readonly #report: StepContext["report"];
  readonly #lost = new AbortController();
  #record: DeploymentRecord;
  /** What the next write adds to the record. */
  #unwritten: RecordChange = {};
  #generation: string;
  #lock: RecordLock;
  #writes: Promise<void> = Promise.resolve();
  #renewal: NodeJS.Timeout | undefined;

  private constructor(
    store: DeploymentStore,
    clock: Clock,
    record: DeploymentRecord,
    generation: string,
    lock: RecordLock,
    report: StepContext["report"],
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#record = record;
    this.#generation = generation;
    this.#lock = lock;
    this.#report = report;
    this.#renewal = setInterval(() => void this.#renew(), renewalMs);
    this.#renewal.unref();
  }

  /**
   * Takes the lock of a record.
   *
   * @param stored - The record as it was read; null when there is none.
   * @param first - The record to begin with.
   * @param call - Whose lock it is, and who listens.
   * @throws DeploymentError `RESOURCE_CONFLICT` when another process holds the lock or takes it first.
   */
  static async begin(
    { deploymentStore: store, clock }: { deploymentStore: DeploymentStore; clock: Clock },
    stored: StoredRecord | null,
    first: DeploymentRecord,
    { id, context }: { id: string; context: StepContext },
  ): Promise<RecordSession> {
    const held = stored?.record.lock;
    if (held && isHeld(held, clock.now())) throw lockedError(first.name, held, clock.now());
    const lock = newLock(clock.now(), id);
    const record = { ...first, lock };
    try {
      const generation = await store.write(record, stored?.generation ?? null, context);
      return new RecordSession(store, clock, record, generation, lock, context.report);
    } catch (error) {
      forget(lock);
      throw error;
    }
  }

  /** Aborted when another process has taken the lock, as happens to one that was suspended. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** A context whose work ends when the caller stops it or the lock is lost. */
  guard(context: StepContext): StepContext {
    return { ...context, signal: AbortSignal.any([this.lost, ...(context.signal ? [context.signal] : [])]) };
  }

  get record(): DeploymentRecord {
    return { ...this.#record, ...this.#unwritten };
  }

  /**
   * Writes down that a step's request is about to be sent. Rejects where another process has the lock by now: a process that
   * was suspended sends nothing more.
   *
   * @param change - What else to write.
   */
  begun(step: DeploymentStep, change: RecordChange = {}): Promise<void> {
    const pending: PendingStep = { step, startedAt: new Date(this.#clock.now()).toISOString(), operation: null };
    return this.#write((record) => ({ ...record, ...change, pending }));
  }

  /** Writes down the operation that the pending step's request has started. */
  started(operation: string): Promise<void> {
    return this.#write((record) => ({ ...record, pending: record.pending && { ...record.pending, operation } }));
  }

  /** Writes down anything else. */
  note(change: RecordChange): Promise<void> {
    return this.#write((record) => ({ ...record, ...change }));
  }

  /**
   * Changes the record, and has the next write write it down: for what another process would find by itself. A record can be
   * written once a second ("Object name immutability and limits" of Cloud Storage), so that each write less is a second less.
   */
  noteLater(change: RecordChange): void {
    this.#unwritten = { ...this.#unwritten, ...change };
  }

  /**
   * Writes how it ended, and frees the lock.
   *
   * @param change - The last change of the record. Default: none, and what is pending stays so.
   */
  async end(change: (record: DeploymentRecord) => DeploymentRecord = (record) => record): Promise<void> {
    this.#stopRenewal();
    try {
      if (!this.#lost.signal.aborted) await this.#write((record) => ({ ...change(record), lock: null }));
    } finally {
      forget(this.#lock);
    }
  }

  /** `record` with what has happened to it just now. */
  withEntry(record: DeploymentRecord, happened: Happened): DeploymentRecord {
    const { action, outcome, spec, message, error, attempt } = happened;
    const entry: HistoryEntry = {
      at: new Date(this.#clock.now()).toISOString(),
      action,
      outcome,
      specHash: spec?.specHash ?? "",
      modelUri: spec?.modelUri ?? "",
      modelVersionId: record.version?.versionId ?? null,
      ...(message !== null && { message }),
      ...(error !== undefined && { error }),
      ...(attempt !== undefined && { attempt }),
      call: this.#lock.id,
    };
    return withHistory(record, entry);
  }

  async #renew(): Promise<void> {
    this.#lock = renewed(this.#lock, this.#clock.now());
    const lock = this.#lock;
    try {
      await this.#write((record) => ({ ...record, lock }));
    } catch (error) {
      // the next renewal tries again; a lost lock has aborted `lost` already
      if (!this.#lost.signal.aborted) {
        this.#report({
          type: "warning",
          message: `Could not renew the lock of the deployment: ${(error as Error).message}`,
        });
      }
    }
  }

  /** One write at a time, each over the generation that the last one made. */
  #write(change: (record: DeploymentRecord) => DeploymentRecord): Promise<void> {
    const write = this.#writes.then(async () => {
      const unwritten = this.#unwritten;
      const record = change(this.record);
      try {
        this.#generation = await this.#store.write(record, this.#generation, { report: this.#report });
        this.#record = record;
        // what was noted meanwhile is still to be written
        const later = Object.entries(this.#unwritten).filter(
          ([key, value]) => unwritten[key as keyof RecordChange] !== value,
        );
        this.#unwritten = Object.fromEntries(later);
      } catch (error) {
        if (DeploymentError.is(error) && error.code === "RESOURCE_CONFLICT") {
          this.#stopRenewal();
          this.#lost.abort(error);
        }
        throw error;
      }
    });
    this.#writes = write.catch(() => {});
    return write;
  }

  #stopRenewal(): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
  }
}
