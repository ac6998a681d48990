import type { BatchInputFormat, BatchJob } from "./batch.js";
import type { Bundle, BundleRequest } from "./bundle.js";
import type { Clock } from "./clock.js";
import type { DeployedModel, Predictions } from "./deployment.js";
import type { DeploymentError } from "./errors.js";
import type { Explanations } from "./explanations.js";
import type { ResolvedModel } from "./model.js";
import type { Operation } from "./operation.js";
import type { StepContext } from "./progress.js";
import type { DeploymentRecord, DeploymentSpec, VersionName } from "./record.js";

/** 1: finds a model by its MLflow URI, reads it, and brings its files to this machine. */
export interface ModelResolver {
  /**
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` (no such run, model or version), `INVALID_PARAMETER_VALUE` (a URI
   * of no known form; a flavor that the model lacks), `UNAUTHENTICATED`, `PERMISSION_DENIED`.
   */
  resolve(request: ResolveRequest, context: StepContext): Promise<ResolvedModel>;
  /**
   * Reads what describes the model, and not the model: MLmodel, and the small files beside it that say more. Nothing of it stays
   * on this machine. Optional: without it no signature is known, by which rows could be checked before they are sent.
   *
   * @throws DeploymentError As {@link resolve}.
   */
  describe?(request: DescribeRequest, context: StepContext): Promise<Pick<ResolvedModel, "source" | "metadata">>;
}

/** Which model is wanted. */
export interface DescribeRequest {
  /** `runs:/`, `models:/`, `mlflow-artifacts:/`, `https://`, `gs://`, `s3://`, `file:` or a path. `runs:/ID` alone means the run's only model. */
  modelUri: string;
  /** A flavor that the model must have. */
  flavor?: string | undefined;
}

/** Which model is wanted, and where its files go. */
export interface ResolveRequest extends DescribeRequest {
  /** An empty directory for files that are not on this machine yet. */
  directory: string;
}

/** A file as a store lists it. */
export interface ListedArtifact {
  /** Relative to the URI that was listed, with `/`. */
  path: string;
  /** Bytes; 0 also when the store does not say. */
  size: number;
  /** What tells these bytes from others under the same name, such as an ETag, where the store has that. */
  version?: string | undefined;
}

/** Reads the files below a URI of one scheme, such as `gs`. See `registerArtifactReader`. */
export interface ArtifactReader {
  /** All files below `uri`. None when there is no such directory, or `RESOURCE_DOES_NOT_EXIST`. */
  list(uri: string, context: StepContext): Promise<ListedArtifact[]>;
  /**
   * The bytes of one file that `list` gave.
   *
   * @param version As `list` gave it: other bytes are an error.
   */
  open(uri: string, path: string, context: StepContext, version?: string): Promise<NodeJS.ReadableStream>;
}

/** 2: packs predictor, serving runtime and requirements into one sdist. */
export interface BundleBuilder {
  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` for a template or a value that the bundle cannot hold. */
  build(request: BundleRequest, context: StepContext): Promise<Bundle>;
}

/** 3: brings files into a bucket, and sends nothing that is there already. */
export interface Uploader {
  /**
   * Fails early when the bucket is missing, forbidden, or elsewhere than `location`.
   *
   * @throws DeploymentError that names the bucket, the caller, and the role or the region to choose.
   */
  checkBucket(bucket: string, location: string, context: StepContext): Promise<void>;
  /** Sends `files` to `gs://bucket/prefix/…`; each transfer is checked by CRC32C. */
  upload(request: UploadRequest, context: StepContext): Promise<UploadedObject[]>;
  /** Of `request.files`, those that `upload` would send. */
  missing(request: UploadRequest, context: StepContext): Promise<UploadFile[]>;
  /** The objects whose names begin with `prefix`, over all pages. */
  list(bucket: string, prefix: string, context: StepContext): Promise<ListedObject[]>;
  /**
   * Deletes that generation of an object; does nothing if there is no such object.
   *
   * @throws DeploymentError `RESOURCE_CONFLICT` when another generation has taken its place.
   */
  delete(bucket: string, object: Pick<ListedObject, "name" | "generation">, context: StepContext): Promise<void>;
}

/** An object as a listing shows it. */
export interface ListedObject {
  /** Its full name in the bucket. */
  name: string;
  generation: string;
  /** Bytes. */
  size: number;
  /** RFC 3339, of this generation; null where it is not known. */
  createTime: string | null;
}

/** What is to be uploaded, and where to. */
export interface UploadRequest {
  bucket: string;
  /** No slash at either end. */
  prefix: string;
  files: readonly UploadFile[];
}

/** A file on this machine, with what the upload is checked by. */
export interface UploadFile {
  /** Below the prefix, with `/`. */
  path: string;
  localPath: string;
  /** Bytes. */
  size: number;
  /** Base64 of the big-endian CRC32C. */
  crc32c: string;
}

/** An object in the bucket. */
export interface UploadedObject {
  /** The object's full name in the bucket. */
  name: string;
  generation: string;
  /** False when it was there with the same checksum. */
  sent: boolean;
}

/** The serving image of an environment: found by its tag, or built. */
export interface ImageBuilder {
  /** The image of the environment; null when its tag is not there. */
  find(environmentHash: string, context: StepContext): Promise<ContainerImage | null>;
  /**
   * Gives the image of the environment, and builds it if its tag is not there.
   *
   * @throws DeploymentError `FAILED_PRECONDITION` with the end of the log when the build fails.
   */
  ensure(request: ImageRequest, context: StepContext): Promise<ContainerImage>;
  /** The images that `ensure` has made: those that have environment hashes as tags, and no other tag. */
  list(context: StepContext): Promise<ListedImage[]>;
  /** Deletes an image with its tags; does nothing if it is gone. */
  delete(image: Pick<ListedImage, "uri">, context: StepContext): Promise<void>;
}

/** A serving image as a listing shows it. */
export interface ListedImage {
  /** By digest: `…/image@sha256:…`. */
  uri: string;
  /** Its tags: at least one. */
  environmentHashes: string[];
  /** Bytes; null where it is not known. */
  size: number | null;
  /** RFC 3339; null where it is not known. */
  createTime: string | null;
}

/** Which image is wanted, and what it is built from. */
export interface ImageRequest {
  /** The image's tag. */
  environmentHash: string;
  /** The sdist that it is built from. */
  source: { bucket: string; object: string; generation: string };
  /** The folder that the sdist unpacks into. */
  directory: string;
}

/** An image in a registry. */
export interface ContainerImage {
  /** By digest: `…/image@sha256:…`. */
  uri: string;
  /** False when the tag was there. */
  built: boolean;
}

/** 4: the registry model that versions belong to. */
export interface ModelManager {
  /** Looks the model up; where the platform has models without versions, makes it for `owner`, if one is given. */
  ensure(modelName: string, context: StepContext, owner?: ModelOwner): Promise<ParentModel>;
}

/** The deployment that a model is made for, as the platform is to remember it. */
export interface ModelOwner {
  deploymentName: string;
  labels: Record<string, string>;
  /** For people; null for none. */
  description: string | null;
}

/** A model of the registry, to which versions belong. */
export interface ParentModel {
  /** What the platform calls it: `projects/p/locations/l/models/id`. */
  name: string;
  id: string;
  displayName: string;
  /** False when the first version will make it. */
  exists: boolean;
  /** True when `ensure` has just made it. Default: false. */
  made?: boolean | undefined;
}

/** 5: versions of a registry model. */
export interface VersionManager {
  /**
   * The version that was made of this spec, if there is one.
   *
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` when another version has the wanted alias.
   */
  find(parent: ParentModel, version: VersionRequest, context: StepContext): Promise<ModelVersion | null>;
  /** Starts to make it. */
  create(parent: ParentModel, version: VersionRequest, context: StepContext): Promise<Operation<ModelVersion>>;
  /** Unfinished operations that may be a `create` whose answer never came; null where the platform does not list them. */
  running(parent: ParentModel, context: StepContext): Promise<Operation<ModelVersion>[] | null>;
  /** The operation of this name. */
  attach(operationName: string): Operation<ModelVersion>;
  /** A version by its full name (`…/models/id@version`); null when there is none. */
  get(name: string, context: StepContext): Promise<ModelVersion | null>;
  /** Replaces the labels of a version. */
  setLabels(version: VersionName, labels: Record<string, string>, context: StepContext): Promise<ModelVersion>;
  /** Deletes one version, and the model with its last one. True when there was one. */
  delete(version: VersionName, context: StepContext): Promise<boolean>;
  /** All versions of the models that this package made, over all pages. */
  list(context: StepContext): Promise<ListedVersion[]>;
}

/** What a version is made from. */
export interface VersionRequest {
  /** The platform's legal form of `versionName`; null for none. */
  alias: string | null;
  spec: DeploymentSpec;
  imageUri: string;
  /** Where the model's artifacts are: `gs://bucket/…`. */
  artifactUri: string;
  labels: Record<string, string>;
  /** Environment of the container. */
  env: Record<string, string>;
  /** The customer-managed key that encrypts it. */
  encryptionKey: string | null;
  /** Seconds that its container may take to get healthy. Default: the platform's. */
  deploymentTimeout?: number | undefined;
  /** How its predictions can be explained, in the platform's terms; null where they cannot. */
  explanationSpec: Record<string, unknown> | null;
}

/** A version of a registry model. */
export interface ModelVersion extends VersionName {
  aliases: string[];
  labels: Record<string, string>;
  artifactUri: string | null;
  imageUri: string | null;
  /** Environment of the container. */
  env: Record<string, string>;
  /** RFC 3339; null where the platform does not say. */
  createTime: string | null;
}

/** A version as a listing of the registry shows it. */
export interface ListedVersion extends ModelVersion {
  /** Whether this package made it: anybody may add a version to a model. */
  ours: boolean;
  /** The endpoints that the registry knows it to be deployed on, whoever deployed it, by their full names. */
  deployedOn: string[];
}

/** 6: endpoints, what is deployed on them, and who gets the traffic. */
export interface EndpointManager {
  /** The endpoint of that id; null when there is none. */
  find(endpointId: string, context: StepContext): Promise<Endpoint | null>;
  /** All endpoints that this package made, over all pages. */
  list(context: StepContext): Promise<Endpoint[]>;
  /** Starts to make one. Rejects with `RESOURCE_ALREADY_EXISTS` when the id is taken. */
  create(request: EndpointRequest, context: StepContext): Promise<Operation<Endpoint>>;
  /** Starts to deploy a version; the operation is done when its container is healthy. */
  deploy(endpoint: Endpoint, request: DeployRequest, context: StepContext): Promise<Operation<DeployedModel>>;
  /** Starts to undeploy; done at once where there is nothing. The model must have no share of the traffic, or be the last. */
  undeploy(endpoint: Endpoint, deployedModelId: string, context: StepContext): Promise<Operation<void>>;
  /** Replaces the traffic split; fails with `RESOURCE_CONFLICT` if the endpoint changed since `endpoint` was read. */
  setTraffic(endpoint: Endpoint, split: Record<string, number>, context: StepContext): Promise<Endpoint>;
  /** Changes what an endpoint can change while it serves; what is left out stays. */
  update(endpoint: Endpoint, change: EndpointChange, context: StepContext): Promise<Endpoint>;
  /** Starts to change how a deployed model is scaled, while it serves. */
  scale(endpoint: Endpoint, deployedModelId: string, scaling: Scaling, context: StepContext): Promise<Operation<void>>;
  /** Starts to delete an endpoint on which nothing is deployed; done at once where there is none. */
  delete(endpoint: Endpoint, context: StepContext): Promise<Operation<void>>;
  /** Unfinished operations on an endpoint; null where the platform does not list them. */
  running(endpointId: string, context: StepContext): Promise<Operation<void>[] | null>;
  /** The operation of this name. */
  attach(operationName: string): Operation<void>;
}

/** An endpoint, what is deployed on it, and its traffic. */
export interface Endpoint {
  id: string;
  /** `projects/p/locations/l/endpoints/id`. */
  name: string;
  displayName: string;
  labels: Record<string, string>;
  deployedModels: DeployedModel[];
  /** Deployed model id to percent. */
  trafficSplit: Record<string, number>;
  etag: string | null;
  /** The host that predictions go to, where the endpoint has its own. */
  dedicatedHost: string | null;
  /** The customer-managed key that encrypts it. */
  encryptionKey: string | null;
  /** The network that it is reached through, and nothing else; null for a public endpoint. */
  network: string | null;
  description: string | null;
  createTime: string | null;
}

/** What an endpoint is made from. */
export interface EndpointRequest {
  id: string;
  displayName: string;
  labels: Record<string, string>;
  dedicated: boolean;
  /** The customer-managed key that encrypts it. */
  encryptionKey: string | null;
  /** The network that it is to be reached through, and nothing else; null for a public endpoint. */
  network: string | null;
  description: string | null;
  /** Seconds that one prediction may take on a dedicated endpoint; null for the platform's default. */
  inferenceTimeout: number | null;
}

/** What of an endpoint is to change. */
export interface EndpointChange {
  labels?: Record<string, string>;
  description?: string;
  /** Seconds that one prediction may take on a dedicated endpoint. */
  inferenceTimeout?: number;
}

/** How many replicas serve. */
export interface Scaling {
  minReplicaCount: number;
  maxReplicaCount: number;
  /** The target that autoscaling keeps, by the platform's name of the metric. Empty for the platform's default. */
  autoscalingTargets: Record<string, number>;
}

/** How a version runs. */
export interface DeployRequest extends Scaling {
  deployedModelId: string;
  displayName: string;
  version: ModelVersion;
  machineType: string;
  accelerator: { type: string; count: number } | null;
  serviceAccount: string | null;
  /** True for the first on an empty endpoint: it gets all the traffic. Else it gets none. */
  takesTraffic: boolean;
}

/** 7: prediction requests. */
export interface PredictionService {
  /**
   * Sends one request, or several where it is too large for one and `splittable`. Rejects with the platform's and the model's
   * own words when it is refused.
   */
  predict(request: PredictRequest, context: Pick<StepContext, "signal">): Promise<Predictions>;
  /** Sends one request, and gives the parts of its answer as they come. */
  stream(request: PredictRequest, context: Pick<StepContext, "signal">): AsyncIterable<unknown>;
  /** Sends one request for predictions with their explanations. */
  explain(request: PredictRequest, context: StepContext): Promise<Explanations>;
}

/** One prediction request. */
export interface PredictRequest {
  endpoint: Pick<Endpoint, "name" | "dedicatedHost" | "network" | "deployedModels">;
  /** JSON data, and BigInt for integers that no JSON number of other programs may carry. */
  instances: readonly unknown[];
  parameters?: Record<string, unknown> | undefined;
  /** Whether `predict` may send the rows in several requests where one does not hold them. Default: false. */
  splittable?: boolean | undefined;
}

/** Predictions of many rows, from files to files: jobs of the platform's own, which no process has to wait for. */
export interface BatchService {
  /** Starts a job. Twice makes two: where the answer was lost, `list` shows whether there is one. */
  create(request: BatchRequest, context: StepContext): Promise<BatchJob>;
  /** The jobs that a filter lets through, over all pages. */
  list(filter: BatchFilter, context: StepContext): Promise<BatchJob[]>;
  /**
   * Waits until a job is over, however it ends.
   *
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` when there is none; `CANCELLED` on `signal`, `DEADLINE_EXCEEDED` after
   * `timeoutSeconds`, after both of which the job goes on.
   */
  wait(name: string, options: BatchWaitOptions): Promise<BatchJob>;
  /** Asks the platform to stop a job; does nothing to one that is over. */
  cancel(name: string, context: Pick<StepContext, "signal">): Promise<void>;
}

/** Which batch jobs are wanted. */
export interface BatchFilter {
  /** Labels that they all have. */
  labels: Record<string, string>;
  /** Only those that are not over. Default: all. */
  unended?: boolean;
}

/** What a batch job is made from. */
export interface BatchRequest {
  /** For people. */
  displayName: string;
  /** The version that predicts. */
  version: Pick<VersionName, "model"> & { versionId: string | null };
  input: readonly string[];
  inputFormat: BatchInputFormat;
  output: string;
  parameters: Record<string, unknown> | null;
  /** Whether the model is sent each row as an object or as an array; null for the platform's default. */
  instanceType: "object" | "array" | null;
  /** The field of each row that is written beside its prediction and is not sent to the model; null for none. */
  keyField: string | null;
  machineType: string;
  accelerator: { type: string; count: number } | null;
  /** Machines at the start; null for the platform to decide. */
  startingReplicaCount: number | null;
  /** Null for the platform's default. */
  maxReplicaCount: number | null;
  /** Rows that a machine is sent at a time; null for the platform's default. */
  batchSize: number | null;
  serviceAccount: string | null;
  /** The customer-managed key that encrypts what the job keeps. */
  encryptionKey: string | null;
  labels: Record<string, string>;
}

/** How a batch job is waited for. */
export interface BatchWaitOptions {
  signal?: AbortSignal | undefined;
  /** Default: as long as it takes. */
  timeoutSeconds?: number | undefined;
  /** Called after every look at a job that is not over. */
  onPoll?: ((job: BatchJob, elapsedSeconds: number) => void) | undefined;
}

/** Records of deployments, each written only over the generation that was read: the write is also the lock. */
export interface DeploymentStore {
  /** The record of a deployment; null when there is none. */
  read(name: string, context: StepContext): Promise<StoredRecord | null>;
  /**
   * Writes over `generation` (`null`: there must be none), and gives the new generation.
   *
   * @throws DeploymentError `RESOURCE_CONFLICT` when another writer was first.
   */
  write(record: DeploymentRecord, generation: string | null, context: StepContext): Promise<string>;
  /**
   * Deletes the record of that generation; does nothing if there is none.
   *
   * @throws DeploymentError `RESOURCE_CONFLICT` when another writer was first.
   */
  delete(name: string, generation: string, context: StepContext): Promise<void>;
  /** The records of all deployments that keep their files in the same place, those of other projects and regions too. */
  list(context: StepContext): Promise<RecordList>;
}

/** A record as it was read, and which generation of its object. */
export interface StoredRecord {
  record: DeploymentRecord;
  generation: string;
}

/** What a listing of records found. */
export interface RecordList {
  records: ListedRecord[];
  /** Why others could not be read, each with the name of its object. */
  unreadable: DeploymentError[];
}

/** A record as a listing found it. */
export interface ListedRecord extends StoredRecord {
  /** Where it is: `gs://bucket/…`. */
  uri: string;
  /** Whether it is of this project and region, so that `read` and `delete` reach it by its name. */
  own: boolean;
}

/** What containers, jobs and builds wrote. */
export interface LogReader {
  /** The last lines of an endpoint's containers since a time, oldest first. */
  containerLog(endpointId: string, query: LogQuery, context: StepContext): Promise<string[]>;
  /** The last lines that the containers of a batch job wrote since a time, oldest first. Optional: it explains an error. */
  jobLog?(jobId: string, query: LogQuery, context: StepContext): Promise<string[]>;
  /** The last lines of a build. */
  buildLog(buildId: string, query: LogQuery, context: StepContext): Promise<string[]>;
}

/** Which lines of a log are wanted. */
export interface LogQuery {
  /** RFC 3339. */
  since: string;
  lines: number;
  /** Of a container's log: the deployed models whose lines are left out, where it is known whose they are. */
  exceptDeployedModels?: readonly string[] | undefined;
  /** Rejects when the log cannot be read. Default: it is then empty, since it is there to explain another error. */
  mustBeRead?: boolean | undefined;
}

/** All that a deployment is made by, one service for each part of it. */
export interface DeploymentServices {
  modelResolver: ModelResolver;
  bundleBuilder: BundleBuilder;
  uploader: Uploader;
  imageBuilder: ImageBuilder;
  modelManager: ModelManager;
  versionManager: VersionManager;
  endpointManager: EndpointManager;
  predictionService: PredictionService;
  /** Null, or none, where the platform has no batch predictions. */
  batchService?: BatchService | null;
  deploymentStore: DeploymentStore;
  logReader: LogReader;
  clock: Clock;
}
