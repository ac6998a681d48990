import type { artifactregistry_v1 } from "googleapis/build/src/apis/artifactregistry/v1.js";

import { type Clock, systemClock } from "../../../core/clock.js";
import type { StepContext } from "../../../core/progress.js";
import { type CallSettings, GoogleCaller } from "../google/call.js";
import { isAnyOf, longRunningOperation } from "../google/operations.js";
import type { VertexOptions } from "./vertex-api.js";

type Locations = artifactregistry_v1.Resource$Projects$Locations;

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
    const name = `${this.#name()}/packages/${encodeURIComponent(this.imageName)}/tags/${tag}`;
    try {
      const found = await this.#caller.run(
        { doing: `Looking for the image ${this.image}:${tag}`, signal },
        async (settings) => (await this.#api()).repositories.packages.tags.get({ name }, settings),
      );
      return /sha256:[0-9a-f]{64}$/.exec(found.version ?? "")?.[0] ?? null;
    } catch (error) {
      if (isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) return null;
      throw error;
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

  async #api(): Promise<Locations> {
    return (await this.options.connection.artifactregistry()).projects.locations;
  }
}
