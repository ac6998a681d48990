import type { artifactregistry_v1 } from "googleapis/build/src/apis/artifactregistry/v1.js";

import { type Clock, systemClock } from "../../../core/clock.js";
import { DeploymentError } from "../../../core/errors.js";
import type { StepContext } from "../../../core/progress.js";
import type { ListedImage } from "../../../core/services.js";
import { type CallSettings, GoogleCaller } from "../google/call.js";
import { isAnyOf, longRunningOperation } from "../google/operations.js";
import type { VertexOptions } from "./vertex-api.js";

type Locations = artifactregistry_v1.Resource$Projects$Locations;
type ImageVersion = artifactregistry_v1.Schema$Version;

/** `Version.related_tags` holds no more: an image that has as many may have others. */
const mostRelatedTags = 100;

/** One image of one Artifact Registry repository in the endpoint's region: Vertex AI takes images of no other region. */
export class ImageRepository {
  /** The image without tag or digest: `europe-west1-docker.pkg.dev/acme/repository/image`. */
  readonly image: string;
  readonly #caller: GoogleCaller;
  readonly #clock: Clock;
  readonly #parent: string;

  constructor(
    private readonly options: VertexOptions,
    private readonly repository: string,
    private readonly imageName: string,
  ) {
    const { connection, project, location, clock = systemClock } = options;
    this.#clock = clock;
    this.#caller = new GoogleCaller(connection, "artifactregistry", clock);
    this.#parent = `projects/${project}/locations/${location}`;
    // a project's id may have a domain, "example.com:acme", which is a folder in image names
    this.image = `${location}-docker.pkg.dev/${project.replace(":", "/")}/${repository}/${imageName}`;
  }

  /** The digest of what a tag names, `sha256:…`; null when there is no such tag, image or repository. */
  async digest(tag: string, { signal }: StepContext): Promise<string | null> {
    const name = `${this.#package()}/tags/${tag}`;
    try {
      const found = await this.#caller.run(
        { doing: `Looking for the image ${this.image}:${tag}`, signal },
        async (settings) => (await this.#api()).repositories.packages.tags.get({ name }, settings),
      );
      return digestOf(found.version ?? "");
    } catch (error) {
      if (isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) return null;
      throw error;
    }
  }

  /** The images of this name whose every tag is an environment's hash: one with a tag of somebody's own is theirs. */
  async list({ signal }: StepContext): Promise<ListedImage[]> {
    const parent = this.#package();
    const found: ImageVersion[] = [];
    let pageToken: string | undefined;
    try {
      do {
        const query = { parent, view: "FULL", pageSize: 500, ...(pageToken && { pageToken }) };
        const page = await this.#caller.run({ doing: `Listing the images ${this.image}`, signal }, async (settings) =>
          (await this.#api()).repositories.packages.versions.list(query, settings),
        );
        found.push(...(page.versions ?? []));
        pageToken = page.nextPageToken || undefined;
      } while (pageToken);
    } catch (error) {
      if (!isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
    }
    return found.flatMap((version) => listedImage(this.image, version) ?? []);
  }

  /** Deletes an image by its digest, with the tags that name it. */
  async delete(uri: string, { signal }: StepContext): Promise<void> {
    const digest = uri.startsWith(`${this.image}@`) ? digestOf(uri) : null;
    if (digest === null) {
      throw new DeploymentError("INVALID_PARAMETER_VALUE", `${uri} is no image ${this.image} by its digest.`);
    }
    const doing = `Deleting the image ${uri}`;
    const name = `${this.#package()}/versions/${digest}`;
    try {
      const started = await this.#caller.run({ doing, signal }, async (settings) =>
        (await this.#api()).repositories.packages.versions.delete({ name, force: true }, settings),
      );
      await this.#operation(started.name ?? "", doing).wait({ signal });
    } catch (error) {
      if (!isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
    }
  }

  /** Makes the repository if there is none. */
  async ensure({ signal }: StepContext): Promise<void> {
    const name = this.#name();
    try {
      await this.#caller.run({ doing: `Reading the repository ${name}`, signal }, async (settings) =>
        (await this.#api()).repositories.get({ name }, settings),
      );
    } catch (error) {
      if (!isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
      await this.#create(signal);
    }
  }

  async #create(signal: AbortSignal | undefined): Promise<void> {
    const doing = `Creating the repository ${this.#name()}`;
    const requestBody = { format: "DOCKER", description: "Serving images made by mlflow-deployments." };
    try {
      const started = await this.#caller.run({ doing, signal }, async (settings) =>
        (await this.#api()).repositories.create(
          { parent: this.#parent, repositoryId: this.repository, requestBody },
          settings,
        ),
      );
      await this.#operation(started.name ?? "", doing).wait({ signal });
    } catch (error) {
      // another process was first, or a repeated request met its own effect
      if (!isAnyOf(error, "RESOURCE_ALREADY_EXISTS")) throw error;
    }
  }

  #operation(name: string, doing: string) {
    return longRunningOperation<void>({
      name,
      doing,
      caller: this.#caller,
      api: {
        get: async (operation: string, settings: CallSettings) =>
          (await this.#api()).operations.get({ name: operation }, settings),
        cancel: async (operation: string) => (await this.#api()).operations.cancel({ name: operation }),
      },
      convert: () => undefined,
      clock: this.#clock,
      schedule: this.options.pollSchedule,
    });
  }

  #name(): string {
    return `${this.#parent}/repositories/${this.repository}`;
  }

  #package(): string {
    return `${this.#name()}/packages/${encodeURIComponent(this.imageName)}`;
  }

  async #api(): Promise<Locations> {
    return (await this.options.connection.artifactregistry()).projects.locations;
  }
}

/** The digest at the end of a name, `sha256:…`; null where there is none. */
function digestOf(name: string): string | null {
  return /sha256:[0-9a-f]{64}$/.exec(name)?.[0] ?? null;
}

function listedImage(
  image: string,
  { name, relatedTags = [], metadata, createTime }: ImageVersion,
): ListedImage | null {
  const digest = digestOf(name ?? "");
  const tags = relatedTags.map((tag) => tag.name?.replace(/^.*\/tags\//, "") ?? "");
  const isOurs = tags.length > 0 && tags.length < mostRelatedTags && tags.every((tag) => /^[0-9a-f]{64}$/.test(tag));
  if (digest === null || !isOurs) return null;
  const size = Number(metadata?.["imageSizeBytes"] ?? Number.NaN);
  return {
    uri: `${image}@${digest}`,
    environmentHashes: tags,
    size: Number.isFinite(size) ? size : null,
    createTime: createTime ?? null,
  };
}
