import { invalidArgument } from "../google-error.js";
import { parseImageUri } from "../images.js";
import { parseMessage, type Shape } from "../payload.js";

/** The states of a build. */
type BuildStatus = "QUEUED" | "WORKING" | "SUCCESS" | "FAILURE" | "INTERNAL_ERROR" | "TIMEOUT" | "CANCELLED";

/** When something began and ended, RFC 3339. */
export interface TimeSpan {
  startTime: string;
  endTime?: string;
}

export interface BuildStep {
  name: string;
  id?: string;
  args?: string[];
  /** From the source's root. */
  dir?: string;
  env?: string[];
  entrypoint?: string;
  /** Such as `600s`. */
  timeout?: string;
  status?: BuildStatus;
  timing?: TimeSpan;
}

/** Cloud Build's `Build`, as far as the emulator acts on it. */
export interface Build {
  id: string;
  name: string;
  projectId: string;
  status: BuildStatus;
  statusDetail?: string;
  failureInfo?: { type: string; detail: string };
  source?: { storageSource?: { bucket?: string; object?: string; generation?: string } };
  sourceProvenance?: { resolvedStorageSource: { bucket: string; object: string; generation: string } };
  steps: BuildStep[];
  images?: string[];
  tags?: string[];
  timeout: string;
  queueTtl?: string;
  serviceAccount?: string;
  substitutions?: Record<string, string>;
  options?: { logging?: string; [option: string]: unknown };
  results?: { images: { name: string; digest: string; pushTiming: TimeSpan }[]; buildStepImages: string[] };
  timing?: Record<string, TimeSpan>;
  createTime: string;
  startTime?: string;
  finishTime?: string;
  logUrl: string;
  logsBucket?: string;
}

const loggingModes = ["LOGGING_UNSPECIFIED", "LEGACY", "GCS_ONLY", "STACKDRIVER_ONLY", "CLOUD_LOGGING_ONLY", "NONE"];

const stepShape: Shape = {
  name: "string",
  id: "string",
  args: { list: "string" },
  dir: "string",
  env: { list: "string" },
  entrypoint: "string",
  timeout: "string",
  waitFor: { list: "string" },
  allowExitCodes: "unsupported",
  allowFailure: "unsupported",
  automapSubstitutions: "unsupported",
  script: "unsupported",
  secretEnv: "unsupported",
  volumes: "unsupported",
  exitCode: "output",
  pullTiming: "output",
  results: "output",
  status: "output",
  timing: "output",
};

const optionsShape: Shape = {
  logging: { enum: loggingModes, type: "google.devtools.cloudbuild.v1.BuildOptions.LoggingMode" },
  defaultLogsBucketBehavior: "stored",
  diskSizeGb: "int64",
  dynamicSubstitutions: "stored",
  enableStructuredLogging: "stored",
  logStreamingOption: "stored",
  machineType: "stored",
  pool: "stored",
  pubsubTopic: "stored",
  rankedMachineSeries: "stored",
  requestedVerifyOption: "stored",
  sourceProvenanceHash: "stored",
  substitutionOption: {
    enum: ["MUST_MATCH", "ALLOW_LOOSE"],
    type: "google.devtools.cloudbuild.v1.BuildOptions.SubstitutionOption",
  },
  automapSubstitutions: "unsupported",
  env: "unsupported",
  secretEnv: "unsupported",
  volumes: "unsupported",
  workerPool: "unsupported",
  workerRelease: "unsupported",
  resolvedWorkerRelease: "output",
};

/** The fields of Cloud Build's `Build`. */
const buildShape: Shape = {
  source: {
    message: {
      storageSource: {
        message: { bucket: "string", object: "string", generation: "int64", sourceFetcher: "stored" },
      },
      connectedRepository: "unsupported",
      developerConnectConfig: "unsupported",
      gitSource: "unsupported",
      repoSource: "unsupported",
      storageSourceManifest: "unsupported",
    },
  },
  steps: { list: { message: stepShape } },
  images: { list: "string" },
  tags: { list: "string" },
  timeout: "string",
  queueTtl: "string",
  serviceAccount: "string",
  substitutions: { map: "string" },
  logsBucket: "string",
  options: { message: optionsShape },
  artifacts: "unsupported",
  availableSecrets: "unsupported",
  dependencies: "unsupported",
  gitConfig: "unsupported",
  secrets: "unsupported",
  approval: "output",
  buildTriggerId: "output",
  createTime: "output",
  failureInfo: "output",
  finishTime: "output",
  id: "output",
  logUrl: "output",
  name: "output",
  projectId: "output",
  results: "output",
  sourceProvenance: "output",
  startTime: "output",
  status: "output",
  statusDetail: "output",
  timing: "output",
  warnings: "output",
};

/** What `builds.create` was sent, and passed Cloud Build's own checks. */
export type BuildRequest = Partial<Build> & { steps: BuildStep[] };

/** @throws GoogleError INVALID_ARGUMENT, or UNIMPLEMENTED for what the emulator does not do. */
export function parseBuild(body: unknown): BuildRequest {
  const build: Partial<Build> = parseMessage(body, buildShape, "build");
  const { steps = [], images = [], options = {} } = build;
  if (steps.length === 0) throw invalidArgument("invalid build: no build steps are specified");
  for (const [index, step] of steps.entries()) {
    if (!step.name) throw invalidArgument(`invalid build: step ${index} has no name`);
  }
  for (const image of images) {
    if (!parseImageUri(image)) {
      throw invalidArgument(`invalid build: invalid image name "${image}": could not parse reference: ${image}`);
    }
  }
  if (build.timeout !== undefined) durationSeconds(build.timeout);
  requireLogging(build.serviceAccount, build.logsBucket, options);
  return { ...build, steps };
}

/** Seconds of a `google.protobuf.Duration`, such as `1200s`. */
export function durationSeconds(text: string): number {
  const match = /^(\d+(?:\.\d{1,9})?)s$/.exec(text);
  if (!match)
    throw invalidArgument(`Invalid value at 'build.timeout' (type.googleapis.com/google.protobuf.Duration), "${text}"`);
  return Number(match[1]);
}

/** A service account of the user's own cannot write to Google's log bucket. */
function requireLogging(
  account: string | undefined,
  logsBucket: string | undefined,
  options: { [option: string]: unknown },
) {
  if (account === undefined) return;
  if (!/^projects\/[^/]+\/serviceAccounts\/[^/]+$/.test(account)) {
    throw invalidArgument(`invalid build: invalid service account "${account}"`);
  }
  const own = options["defaultLogsBucketBehavior"] === "REGIONAL_USER_OWNED_BUCKET" || logsBucket !== undefined;
  if (own || options["logging"] === "CLOUD_LOGGING_ONLY" || options["logging"] === "NONE") return;
  throw invalidArgument(
    "if 'build.service_account' is specified, the build must either (a) specify 'build.logs_bucket', " +
      "(b) use the REGIONAL_USER_OWNED_BUCKET build.options.default_logs_bucket_behavior option, " +
      "or (c) use either CLOUD_LOGGING_ONLY / NONE logging options",
  );
}
