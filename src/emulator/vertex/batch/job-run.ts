import { invalidArgument, notFound } from "../../google-error.js";
import { parseGsUri } from "../../cloud-storage/gs-uri.js";
import type { ObjectPath, ObjectStore } from "../../cloud-storage/object-store.js";
import { requireBucketNear } from "../bucket-location.js";
import type { Deployment } from "../endpoints/endpoint-record.js";
import type { ModelServers } from "../endpoints/model-servers.js";
import type { Location } from "../locations.js";
import { inputFiles } from "./input-files.js";
import type { Input } from "./instances.js";
import { type CompletionStats, defaultBatchSize, type JobRecord } from "./job-record.js";
import { JobServer } from "./job-server.js";
import { type Directory, OutputFiles } from "./output-files.js";
import { predictInputs } from "./predict-inputs.js";
import { readInputs } from "./read-inputs.js";

/** More files than this are of no use: one process writes them all. */
const mostShards = 20;

export interface JobRunDependencies {
  objects: ObjectStore;
  servers: ModelServers;
  /** How long the model's server may take to start again, in milliseconds. */
  longestStartMs: number;
}

/** What a job is run with. */
export interface JobRun {
  record: JobRecord;
  /** The model, as it is deployed for this job alone. */
  deployment: Deployment;
  signal: AbortSignal;
  /** Changes the job's record. */
  update: (change: Partial<JobRecord>) => void;
}

/**
 * Runs a job from its input to its output: reads both buckets as streams, with a model server of its own between them.
 *
 * @throws GoogleError for what fails the whole job; what was written until then stays.
 */
export async function runJob(deps: JobRunDependencies, run: JobRun): Promise<void> {
  const { request } = run.record;
  const files = await inputFiles(deps.objects, request.inputConfig.gcsSource.uris);
  const directory = outputDirectory(run.record);
  await requireBuckets(deps.objects, [...files, { bucket: directory.bucket }], run.deployment.location);
  const reading = { format: request.inputConfig.instancesFormat, config: request.instanceConfig ?? {} };
  const inputs = readInputs(deps.objects, files, reading);
  try {
    const first = await inputs.next();
    if (first.done) throw invalidArgument("The input of the BatchPredictionJob has no instances.");
    await predictWithServer(deps, run, directory, startingWith(first.value, inputs));
  } finally {
    await inputs.return(undefined);
  }
}

async function predictWithServer(
  { objects, servers, longestStartMs }: JobRunDependencies,
  { record, deployment, signal, update }: JobRun,
  directory: Directory,
  inputs: AsyncIterable<Input>,
): Promise<void> {
  const { endpoint, deployed } = deployment;
  const { request } = record;
  await servers.start(deployment, signal);
  const use = servers.use(endpoint, deployed.id)!;
  try {
    const server = new JobServer(deployment, use, { restartMs: longestStartMs, signal });
    const shards = Math.min(request.dedicatedResources.startingReplicaCount ?? 1, mostShards);
    const output = new OutputFiles(objects, directory, shards);
    update({ outputDirectory: `gs://${directory.bucket}/${directory.prefix.slice(0, -1)}` });
    const stats: CompletionStats = { successful: 0, failed: 0, incomplete: -1 };
    try {
      await predictInputs(inputs, {
        predict: (body, count) => server.predict(body, count),
        succeeded: async (predictions) => {
          await output.succeeded(predictions);
          stats.successful += predictions.length;
          update({ stats: { ...stats } });
        },
        failed: async (source, error) => {
          await output.failed(source, error);
          stats.failed++;
          update({ stats: { ...stats }, partialFailures: output.partialFailures });
        },
        batchSize: request.manualBatchTuningParameters?.batchSize ?? defaultBatchSize,
        parameters: request.modelParameters,
        signal,
      });
      update({ stats: { ...stats, incomplete: 0 } });
    } finally {
      await output.close();
    }
  } finally {
    use.done();
    await servers.stop(endpoint, deployed.id);
  }
}

/**
 * `prediction-<model-display-name>-<job-create-time>`. The contract has the time in ISO 8601; in directories that users of the service
 * have published it is as `2021_08_17T01_39_36_439Z`.
 */
function outputDirectory({ request, modelDisplayName, createTime }: JobRecord): Directory {
  const { bucket, object } = parseGsUri(request.outputConfig.gcsDestination.outputUriPrefix)!;
  const parent = object === "" || object.endsWith("/") ? object : `${object}/`;
  const name = `prediction-${modelDisplayName.replace(/[/\r\n]/g, "_")}-${createTime.replace(/[-:.]/g, "_")}`;
  return { bucket, prefix: `${parent}${name}/` };
}

/** "Your input and output must also be in the same region or multi-region as your model." */
async function requireBuckets(
  objects: ObjectStore,
  paths: readonly Pick<ObjectPath, "bucket">[],
  location: Location,
): Promise<void> {
  for (const bucket of new Set(paths.map((each) => each.bucket))) {
    if (!(await objects.getBucket(bucket))) throw notFound(`The Cloud Storage bucket gs://${bucket} does not exist.`);
    await requireBucketNear(objects, bucket, location);
  }
}

async function* startingWith<T>(first: T, others: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* others;
}
