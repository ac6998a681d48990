import { type BatchJob, isEnded } from "../core/batch.js";
import type { Clock } from "../core/clock.js";
import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import type { BatchFilter, BatchRequest, BatchService, BatchWaitOptions } from "../core/services.js";

/** Batch predictions in memory. A job runs until somebody waits for it, and then is over. No file is read or written. */
export class MockBatch implements BatchService {
  /** By their names. */
  readonly jobs = new Map<string, BatchJob>();
  readonly #clock: Clock;
  readonly #outcome: (job: BatchJob) => Partial<BatchJob>;

  /** @param outcome - What differs in a job once it is over. Default: it has succeeded, and nothing is known of its rows. */
  constructor(clock: Clock, outcome: (job: BatchJob) => Partial<BatchJob> = () => ({})) {
    this.#clock = clock;
    this.#outcome = outcome;
  }

  async create({ version, input, inputFormat, output, labels }: BatchRequest): Promise<BatchJob> {
    const id = this.jobs.size + 1;
    const job: BatchJob = {
      name: `projects/acme/locations/us-central1/batchPredictionJobs/${id}`,
      state: "pending",
      model: version.model,
      modelVersionId: version.versionId,
      input: [...input],
      inputFormat,
      output,
      outputDirectory: null,
      counts: { successful: null, failed: null, incomplete: null },
      partialFailures: [],
      error: null,
      labels,
      createTime: new Date(this.#clock.now()).toISOString(),
      startTime: null,
      endTime: null,
    };
    this.jobs.set(job.name, job);
    return structuredClone(job);
  }

  async list({ labels, unended = false }: BatchFilter): Promise<BatchJob[]> {
    const wanted = Object.entries(labels);
    const found = [...this.jobs.values()].filter(
      (job) => wanted.every(([key, value]) => job.labels[key] === value) && !(unended && isEnded(job.state)),
    );
    return structuredClone(found);
  }

  async wait(name: string, { signal, onPoll }: BatchWaitOptions): Promise<BatchJob> {
    const job = this.#existing(name);
    if (!isEnded(job.state)) {
      throwIfCancelled(signal, `The batch prediction ${name}`);
      const startedAt = this.#clock.now();
      onPoll?.(this.#change(name, { state: "running", startTime: new Date(startedAt).toISOString() }), 0);
      await this.#clock.sleep(1000, signal);
      const outputDirectory = `${job.output}/prediction-${this.jobs.size}`;
      const endTime = new Date(this.#clock.now()).toISOString();
      this.#change(name, { state: "succeeded", outputDirectory, endTime, ...this.#outcome(job) });
    }
    return structuredClone(this.#existing(name));
  }

  async cancel(name: string, _context: Pick<StepContext, "signal">): Promise<void> {
    if (!isEnded(this.#existing(name).state)) this.#change(name, { state: "cancelled" });
  }

  #existing(name: string): BatchJob {
    const job = this.jobs.get(name);
    if (!job) throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no batch prediction ${name}.`);
    return job;
  }

  #change(name: string, change: Partial<BatchJob>): BatchJob {
    const changed = { ...this.#existing(name), ...change };
    this.jobs.set(name, changed);
    return structuredClone(changed);
  }
}
