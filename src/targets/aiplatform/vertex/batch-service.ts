import { type Clock, systemClock } from "../../../core/clock.js";
import { type BatchJob, isEnded } from "../../../core/batch.js";
import { type PollSchedule, pollUntilDone } from "../../../core/operation.js";
import type { StepContext } from "../../../core/progress.js";
import type { BatchFilter, BatchRequest, BatchService, BatchWaitOptions } from "../../../core/services.js";
import { isAnyOf } from "../google/operations.js";
import { batchJob, endedStates, jobResource } from "./batch-resource.js";
import { VertexApi, type VertexOptions } from "./vertex-api.js";

/** A job takes minutes to begin, and may run for days. */
const schedule: Partial<PollSchedule> = { firstDelayMs: 1000, maxDelayMs: 30_000 };

/** Jobs of `batchPredictionJobs`: their create, get and list answer at once, and the job has a state of its own. */
export class VertexBatchService implements BatchService {
  readonly #vertex: VertexApi;
  readonly #clock: Clock;
  readonly #schedule: Partial<PollSchedule>;

  constructor(options: VertexOptions) {
    this.#vertex = new VertexApi(options);
    this.#clock = options.clock ?? systemClock;
    this.#schedule = options.pollSchedule ?? schedule;
  }

  async create(request: BatchRequest, { signal }: StepContext): Promise<BatchJob> {
    const { parent } = this.#vertex.names;
    const doing = `Starting a batch prediction of the model ${request.version.model}`;
    const created = await this.#vertex.call({ doing, repeatable: "unaccepted", signal }, (api, settings) =>
      api.batchPredictionJobs.create({ parent, requestBody: jobResource(request) }, settings),
    );
    return batchJob(created, this.#vertex.names);
  }

  async list({ labels, unended = false }: BatchFilter, { signal }: StepContext): Promise<BatchJob[]> {
    const { names } = this.#vertex;
    const { parent } = names;
    const filter = [
      ...Object.entries(labels).map(([key, value]) => `labels.${key}=${value}`),
      ...(unended ? endedStates.map((state) => `state!="${state}"`) : []),
    ].join(" AND ");
    const doing = `Listing the batch predictions of ${parent}`;
    const jobs = await this.#vertex.pages(
      (pageToken) =>
        this.#vertex.call({ doing, signal }, (api, settings) =>
          api.batchPredictionJobs.list({ parent, filter, pageSize: 100, ...(pageToken && { pageToken }) }, settings),
        ),
      (page) => page.batchPredictionJobs,
    );
    return jobs.map((job) => batchJob(job, names));
  }

  async wait(name: string, { signal, timeoutSeconds, onPoll }: BatchWaitOptions): Promise<BatchJob> {
    const doing = `The batch prediction ${name}`;
    const startedAt = this.#clock.now();
    const look = async () => {
      const job = await this.#get(name, signal);
      if (isEnded(job.state)) return { done: true as const, result: job };
      onPoll?.(job, (this.#clock.now() - startedAt) / 1000);
      return { done: false as const, stage: job.state };
    };
    const limit = timeoutSeconds === undefined ? {} : { timeoutSeconds };
    return pollUntilDone(look, doing, { ...limit, signal, clock: this.#clock, schedule: this.#schedule });
  }

  async cancel(name: string, { signal }: Pick<StepContext, "signal">): Promise<void> {
    try {
      await this.#vertex.call({ doing: `Cancelling the batch prediction ${name}`, signal }, (api, settings) =>
        api.batchPredictionJobs.cancel({ name, requestBody: {} }, settings),
      );
    } catch (error) {
      // so it answers for a job that is over
      if (!isAnyOf(error, "FAILED_PRECONDITION") || !isEnded((await this.#get(name, signal)).state)) throw error;
    }
  }

  async #get(name: string, signal: AbortSignal | undefined): Promise<BatchJob> {
    const job = await this.#vertex.call({ doing: `Reading the batch prediction ${name}`, signal }, (api, settings) =>
      api.batchPredictionJobs.get({ name }, settings),
    );
    return batchJob(job, this.#vertex.names);
  }
}
