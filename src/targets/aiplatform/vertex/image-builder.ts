import type { cloudbuild_v1 } from "googleapis/build/src/apis/cloudbuild/v1.js";

import { type Clock, systemClock } from "../../../core/clock.js";
import { DeploymentError } from "../../../core/errors.js";
import { pollUntilDone } from "../../../core/operation.js";
import type { StepContext } from "../../../core/progress.js";
import type { ContainerImage, ImageBuilder, ImageRequest, ListedImage, LogReader } from "../../../core/services.js";
import type { ImageUri } from "../config/image-uri.js";
import { GoogleCaller } from "../google/call.js";
import { type Build, buildResource, buildsOf, failureReason, isFinished, pushedDigest } from "./cloud-build.js";
import { ImageRepository } from "./image-repository.js";
import { idOf } from "./resource-names.js";
import type { VertexOptions } from "./vertex-api.js";

/** Where images are built and kept. */
export interface ImageBuilderOptions extends VertexOptions {
  /** Reads the end of a failed build's log. */
  logReader: LogReader;
  /** The Artifact Registry repository, in the endpoint's region. Default `mlflow-deployments`. */
  repository?: string | undefined;
  /** The image, in place of `serving` in that repository. A tag of it is pushed beside that of the environment. */
  destination?: ImageUri | undefined;
  /** The region that Cloud Build runs in. Default `global`. */
  buildLocation?: string | undefined;
  /** The account that builds, by its email. Default: the project's own for builds. */
  buildServiceAccount?: string | undefined;
  /** Seconds that a build may take. Default 1,800. */
  buildTimeoutSeconds?: number | undefined;
}

const defaultBuildTimeout = 1800;
/** Seconds that a build may wait for a machine before it starts, beside its own timeout. */
const queueAllowance = 600;
/** Lines of a failed build's log that the error shows. */
const shownLogLines = 20;

/** Images by Cloud Build in Artifact Registry, tagged by the environment's hash: one that has the tag is never built again. */
export class CloudBuildImageBuilder implements ImageBuilder {
  readonly #options: ImageBuilderOptions;
  readonly #images: ImageRepository;
  readonly #caller: GoogleCaller;
  readonly #clock: Clock;
  readonly #parent: string;

  constructor(options: ImageBuilderOptions) {
    const { repository = "mlflow-deployments", destination, buildLocation = "global" } = options;
    this.#options = options;
    this.#images = destination
      ? new ImageRepository({ ...options, project: destination.project }, destination.repository, destination.name)
      : new ImageRepository(options, repository, "serving");
    this.#clock = options.clock ?? systemClock;
    this.#caller = new GoogleCaller(options.connection, "cloudbuild", this.#clock);
    this.#parent = `projects/${options.project}/locations/${buildLocation}`;
  }

  async find(environmentHash: string, context: StepContext): Promise<ContainerImage | null> {
    const digest = await this.#images.digest(environmentHash, context);
    return digest === null ? null : { uri: `${this.#images.image}@${digest}`, built: false };
  }

  async ensure(request: ImageRequest, context: StepContext): Promise<ContainerImage> {
    const tag = request.environmentHash;
    const there = await this.find(tag, context);
    if (there) return there;

    const running = await this.#running(request, context);
    if (!running) await this.#images.ensure(context);
    const build = await this.#wait(running ?? (await this.#start(request, context)), context);
    const digest = pushedDigest(build) ?? (await this.#images.digest(tag, context));
    if (!digest) {
      throw new DeploymentError(
        "INTERNAL_ERROR",
        `The build ${build.id} succeeded, but there is no image ${this.#images.image}:${tag}. See ${build.logUrl}.`,
      );
    }
    return { uri: `${this.#images.image}@${digest}`, built: true };
  }

  /** None where the user has named the image: what is there is the user's. */
  async list(context: StepContext): Promise<ListedImage[]> {
    return this.#options.destination ? [] : this.#images.list(context);
  }

  async delete({ uri }: Pick<ListedImage, "uri">, context: StepContext): Promise<void> {
    if (this.#options.destination) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `${uri} is not deleted: destinationImageUri names it, so that it is yours.`,
      );
    }
    await this.#images.delete(uri, context);
  }

  /** The id of an unfinished build of the same environment, such as that of a process that was killed. */
  async #running(request: ImageRequest, { signal }: StepContext): Promise<string | null> {
    const filter = buildsOf(request.environmentHash);
    const { builds } = await this.#caller.run(
      { doing: `Listing the builds of ${this.#parent}`, signal },
      async (settings) => (await this.#api()).list({ parent: this.#parent, filter }, settings),
    );
    return builds?.find((build) => !isFinished(build))?.id ?? null;
  }

  /** Starts a build, and gives its id. */
  async #start(request: ImageRequest, { signal }: StepContext): Promise<string> {
    const { project, destination, buildServiceAccount, buildTimeoutSeconds = defaultBuildTimeout } = this.#options;
    const tags = new Set([request.environmentHash, ...(destination?.tag ? [destination.tag] : [])]);
    const requestBody = buildResource(request, {
      images: [...tags].map((tag) => `${this.#images.image}:${tag}`),
      timeout: buildTimeoutSeconds,
      serviceAccount: buildServiceAccount ? `projects/${project}/serviceAccounts/${idOf(buildServiceAccount)}` : null,
    });
    const doing = `Starting a build of ${this.#images.image} in ${this.#parent}`;
    try {
      const started = await this.#caller.run({ doing, repeatable: "unaccepted", signal }, async (settings) =>
        (await this.#api()).create({ parent: this.#parent, requestBody }, settings),
      );
      const { build } = (started.metadata ?? {}) as { build?: Build };
      return build?.id ?? "";
    } catch (error) {
      throw withHint(error);
    }
  }

  async #wait(buildId: string, context: StepContext): Promise<Build> {
    const { signal, report } = context;
    const name = `${this.#parent}/builds/${buildId}`;
    const build = await pollUntilDone(
      async () => {
        const found = await this.#caller.run({ doing: `Reading the build ${name}`, signal }, async (settings) =>
          (await this.#api()).get({ name }, settings),
        );
        return isFinished(found) ? { done: true, result: found } : { done: false, stage: found.status ?? null };
      },
      `The build ${name}`,
      {
        clock: this.#clock,
        schedule: this.#options.pollSchedule,
        signal,
        timeoutSeconds: (this.#options.buildTimeoutSeconds ?? defaultBuildTimeout) + queueAllowance,
        onPoll: (state) => report({ type: "operation", step: "image", operation: name, ...state }),
      },
    );
    if (build.status !== "SUCCESS") throw await this.#failed(name, build, context);
    return build;
  }

  async #failed(name: string, build: Build, context: StepContext): Promise<DeploymentError> {
    const since = build.createTime ?? new Date(this.#clock.now() - 24 * 3600 * 1000).toISOString();
    const log = await this.#options.logReader.buildLog(
      build.id ?? idOf(name),
      { since, lines: shownLogLines },
      context,
    );
    const reason = failureReason(build);
    const hint = hintFor([reason, ...log].join("\n"));
    const parts = [
      `The build ${name} of the serving image failed: ${reason}${/[.!?]$/.test(reason) ? "" : "."}`,
      hint,
      build.logUrl
        ? `Its log is at ${build.logUrl}${log.length > 0 ? ", and ends:" : "."}`
        : log.length > 0
          ? "Its log ends:"
          : null,
    ];
    const text = [parts.filter((part) => part !== null).join(" "), ...log].join("\n");
    return new DeploymentError("FAILED_PRECONDITION", text, { retryable: build.status === "INTERNAL_ERROR" });
  }

  async #api(): Promise<cloudbuild_v1.Resource$Projects$Locations$Builds> {
    return (await this.#options.connection.cloudbuild()).projects.locations.builds;
  }
}

/** What to set when a message is one of those that new projects meet. */
function hintFor(text: string): string | null {
  if (/quota restrictions|cannot run builds in this region|region .*(not allowed|restricted)/i.test(text)) {
    return "This project may not build in that region: set buildLocation to one where it may.";
  }
  if (/does not have storage\.|denied|permission|forbidden/i.test(text)) {
    return "If the account that builds lacks roles, give it roles/storage.objectViewer, roles/artifactregistry.writer and roles/logging.logWriter, or set buildServiceAccount to one that has them.";
  }
  return null;
}

function withHint(error: unknown): unknown {
  if (!DeploymentError.is(error) || error.code !== "FAILED_PRECONDITION") return error;
  const hint = hintFor(error.message);
  return hint ? new DeploymentError(error.code, `${error.message} ${hint}`, { cause: error.cause }) : error;
}
