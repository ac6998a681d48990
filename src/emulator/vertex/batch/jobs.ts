import { randomInt } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { failedPrecondition, GoogleError, invalidArgument, notFound } from "../../google-error.js";
import type { ImageFiles } from "../../image-files.js";
import { lost, type OperationResource, type Operations, rpcStatus } from "../../operations.js";
import type { Collection, StateStore } from "../../state.js";
import { parseMessage } from "../../proto/parse.js";
import { type Deployment, idOf } from "../endpoints/endpoint-record.js";
import type { Location, Locations } from "../locations.js";
import { batchPredictionJobMessage } from "../messages/batch-prediction-job.js";
import type { ModelVersion } from "../models/model-record.js";
import type { ModelStore } from "../models/model-store.js";
import { emptyResponse, operationMetadata } from "../operation-metadata.js";
import { defaultMaxReplicas, isOver, type JobRecord, type JobRequest } from "./job-record.js";
import { checkJob } from "./job-rules.js";
import { type JobRunDependencies, runJob } from "./job-run.js";

export interface BatchJobsDependencies extends JobRunDependencies {
  state: StateStore;
  locations: Locations;
  operations: Operations;
  models: ModelStore;
  files: ImageFiles;
}

interface Running {
  abort: AbortController;
  finished: Promise<void>;
}

/** Starts batch prediction jobs, keeps them in the emulator's state, and ends them. */
export class BatchJobs {
  readonly #deps: BatchJobsDependencies;
  readonly #jobs: Collection<JobRecord>;
  readonly #running = new Map<string, Running>();

  constructor(deps: BatchJobsDependencies) {
    this.#deps = deps;
    this.#jobs = deps.state.collection<JobRecord>("vertex-batch-jobs");
  }

  /** @throws GoogleError for what is refused at once; what fails later is the job's error. */
  create(body: unknown, location: Location): JobRecord {
    const parsed = parseMessage(batchPredictionJobMessage, body, "batch_prediction_job");
    checkJob(parsed);
    const model = this.#modelName(parsed["model"] as string, location);
    const served = this.#deps.models.version(model);
    const now = new Date().toISOString();
    const record: JobRecord = {
      name: `${location.name}/batchPredictionJobs/${randomId()}`,
      request: { ...(parsed as unknown as JobRequest), model },
      modelVersionId: served.version.id,
      modelDisplayName: served.model.displayName,
      state: "JOB_STATE_PENDING",
      createTime: now,
      updateTime: now,
    };
    this.#jobs.set(record.name, record);
    const abort = new AbortController();
    const finished = this.#run(record, jobDeployment(record, served, location), abort.signal);
    this.#running.set(record.name, { abort, finished });
    return record;
  }

  /** @throws GoogleError NOT_FOUND. */
  get(name: string): JobRecord {
    const job = this.#jobs.get(name);
    if (!job) throw notFound(`The BatchPredictionJob "${name}" does not exist.`);
    return job;
  }

  /** The jobs of a location, newest first. */
  inLocation(location: string): JobRecord[] {
    return this.#jobs
      .values()
      .filter((each) => each.name.startsWith(`${location}/batchPredictionJobs/`))
      .toReversed();
  }

  /** Asks a job to stop; one that is over stays as it is. */
  cancel(name: string): void {
    if (isOver(this.get(name))) return;
    this.#update(name, { state: "JOB_STATE_CANCELLING" });
    this.#running.get(name)?.abort.abort(new GoogleError(499, "CANCELLED", "The BatchPredictionJob was cancelled."));
  }

  /** "Can only be called on jobs that already finished." The output stays. */
  delete(name: string, location: Location): OperationResource {
    const check = () => {
      if (isOver(this.get(name))) return;
      throw failedPrecondition(`The BatchPredictionJob "${name}" has not finished: cancel it first.`);
    };
    check();
    return this.#deps.operations.start({ parent: location.name }, operationMetadata("Delete"), async () => {
      check();
      this.#jobs.delete(name);
      return emptyResponse;
    });
  }

  /** Ends what a killed emulator was running, which can't be taken up. */
  endLost(): void {
    for (const job of this.#jobs.values()) if (!isOver(job)) this.#fail(job.name, lost());
  }

  /** Interrupts all jobs, which then read as failed, and waits for them to end. */
  async stop(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { abort } of running) abort.abort(lost());
    await Promise.all(running.map(({ finished }) => finished));
  }

  async #run(record: JobRecord, deployment: Deployment, signal: AbortSignal): Promise<void> {
    const { operations, files } = this.#deps;
    const { name } = record;
    try {
      await delay(operations.latencyMs, undefined, { signal });
      const began = Date.now();
      this.#update(name, { state: "JOB_STATE_RUNNING", startTime: new Date(began).toISOString() });
      const replicas = deployment.deployed.dedicatedResources.minReplicaCount;
      const update = (change: Partial<JobRecord>) =>
        this.#update(name, { ...change, replicaHours: (replicas * (Date.now() - began)) / 3_600_000 });
      await files.during((hold) => {
        hold(deployment.version.image.root); // the model may be deleted meanwhile
        return runJob(this.#deps, { record, deployment, signal, update });
      });
      signal.throwIfAborted();
      this.#finish(name);
    } catch (error) {
      this.#fail(name, signal.aborted ? signal.reason : error);
    } finally {
      this.#running.delete(name);
    }
  }

  /** Ends a job that went through its input. */
  #finish(name: string): void {
    const { stats, partialFailures: [first] = [] } = this.get(name);
    const { successful, failed } = stats!;
    if (successful === 0) {
      this.#fail(name, failedPrecondition(`All ${failed} instances failed. The first error: ${first?.message}`));
      return;
    }
    this.#end(name, { state: failed === 0 ? "JOB_STATE_SUCCEEDED" : "JOB_STATE_PARTIALLY_SUCCEEDED" });
  }

  #fail(name: string, failure: unknown): void {
    const error = rpcStatus(failure);
    const isCancelled = failure instanceof GoogleError && failure.status === "CANCELLED";
    this.#end(name, { state: isCancelled ? "JOB_STATE_CANCELLED" : "JOB_STATE_FAILED", error });
  }

  #end(name: string, change: Partial<JobRecord>): void {
    this.#update(name, { ...change, endTime: new Date().toISOString() });
  }

  #update(name: string, change: Partial<JobRecord>): void {
    this.#jobs.set(name, { ...this.get(name), ...change, updateTime: new Date().toISOString() });
  }

  #modelName(given: string, location: Location): string {
    const name = this.#deps.locations.canonical(given);
    if (name?.startsWith(`${location.name}/models/`)) return name;
    throw invalidArgument(
      `Invalid batch_prediction_job.model "${given}": the emulator runs jobs of models of ${location.name} only.`,
    );
  }
}

/** A deployment of the model that no endpoint shows. */
function jobDeployment(record: JobRecord, { model, version }: ModelVersion, location: Location): Deployment {
  const { name, request, createTime } = record;
  const { machineSpec, startingReplicaCount = 1, maxReplicaCount = defaultMaxReplicas } = request.dedicatedResources;
  const id = idOf(name);
  return {
    endpoint: `${location.name}/endpoints/${id}`,
    location,
    version,
    logged: { type: "ml_job", labels: { job_id: id, project_id: location.projectId, task_name: "batch_prediction" } },
    deployed: {
      id: id.slice(0, 10),
      model: model.name,
      modelVersionId: version.id,
      displayName: request.displayName,
      createTime,
      dedicatedResources: { machineSpec, minReplicaCount: startingReplicaCount, maxReplicaCount },
      ...(request.disableContainerLogging && { disableContainerLogging: true }),
      status: { availableReplicaCount: startingReplicaCount, lastUpdateTime: createTime },
    },
  };
}

function randomId(): string {
  return String(randomInt(1, 10)) + Array.from({ length: 18 }, () => randomInt(0, 10)).join("");
}
