import { alreadyExists, failedPrecondition, invalidArgument, notFound } from "../google-error.js";
import type { ImageFiles } from "../image-files.js";
import { type ImageRegistry, type ImageUri, registryUri, type StoredImage } from "../images.js";
import { parseMessage, type Shape } from "../payload.js";
import type { Collection, StateStore } from "../state.js";

/** Artifact Registry's `Repository`. */
export interface Repository {
  /** `projects/P/locations/L/repositories/R`. */
  name: string;
  format: string;
  mode: string;
  description?: string;
  labels?: Record<string, string>;
  dockerConfig?: { immutableTags?: boolean };
  createTime: string;
  updateTime: string;
  registryUri: string;
}

const formats = [
  "FORMAT_UNSPECIFIED",
  "DOCKER",
  "MAVEN",
  "NPM",
  "APT",
  "YUM",
  "GOOGET",
  "PYTHON",
  "KFP",
  "GO",
  "GENERIC",
  "RUBY",
  "CONDA",
];
const modes = [
  "MODE_UNSPECIFIED",
  "STANDARD_REPOSITORY",
  "VIRTUAL_REPOSITORY",
  "REMOTE_REPOSITORY",
  "AOSS_REPOSITORY",
  "ASSURED_OSS_REPOSITORY",
];

/** The fields of Artifact Registry's `Repository`. */
const repositoryShape: Shape = {
  name: "string",
  format: { enum: formats, type: "google.devtools.artifactregistry.v1.Repository.Format" },
  mode: { enum: modes, type: "google.devtools.artifactregistry.v1.Repository.Mode" },
  description: "string",
  labels: { map: "string" },
  dockerConfig: { message: { immutableTags: "boolean" } },
  cleanupPolicies: "unsupported",
  cleanupPolicyDryRun: "stored",
  disallowUnspecifiedMode: "stored",
  kmsKeyName: "unsupported",
  mavenConfig: "unsupported",
  platformLogsConfig: "stored",
  remoteRepositoryConfig: "unsupported",
  virtualRepositoryConfig: "unsupported",
  vulnerabilityScanningConfig: "stored",
  createTime: "output",
  registryUri: "output",
  satisfiesPzi: "output",
  satisfiesPzs: "output",
  sizeBytes: "output",
  updateTime: "output",
};

/** The repositories of Artifact Registry, and the way into them. */
export class Repositories {
  readonly #repositories: Collection<Repository>;
  readonly #images: ImageRegistry;
  readonly #files: ImageFiles;

  constructor(state: StateStore, images: ImageRegistry, files: ImageFiles) {
    this.#repositories = state.collection<Repository>("repositories");
    this.#images = images;
    this.#files = files;
  }

  /**
   * Checks a request to create a repository.
   *
   * @throws GoogleError INVALID_ARGUMENT, ALREADY_EXISTS, or UNIMPLEMENTED for what the emulator does not keep.
   */
  prepare(where: { project: string; location: string; id: string | null }, body: unknown): Repository {
    const { project, location, id } = where;
    if (!id || !/^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(id)) {
      throw invalidArgument(`Invalid value for repository_id: "${id ?? ""}"`);
    }
    if (!/^[a-z]+(-[a-z]+\d+)?$/.test(location)) throw invalidArgument(`Location ${location} is not valid.`);
    const given: Partial<Repository> = parseMessage(body, repositoryShape, "repository");
    if (given.format === undefined || given.format === "FORMAT_UNSPECIFIED") {
      throw invalidArgument("Repository format must be specified.");
    }
    if (given.format !== "DOCKER" || (given.mode ?? "STANDARD_REPOSITORY") !== "STANDARD_REPOSITORY") {
      parseMessage({ format: given.format }, { format: "unsupported" }, "repository");
    }
    const name = `projects/${project}/locations/${location}/repositories/${id}`;
    if (this.#repositories.has(name)) throw alreadyExists("the repository already exists");
    const now = new Date().toISOString();
    return {
      ...given,
      name,
      format: "DOCKER",
      mode: "STANDARD_REPOSITORY",
      createTime: now,
      updateTime: now,
      registryUri: registryUri({ location, project, repository: id }),
    };
  }

  add(repository: Repository): void {
    if (this.#repositories.has(repository.name)) throw alreadyExists("the repository already exists");
    this.#repositories.set(repository.name, repository);
  }

  /** @throws GoogleError NOT_FOUND. */
  get(name: string): Repository {
    const found = this.#repositories.get(name);
    if (!found) throw notFound(`Requested entity was not found: ${name}`);
    return found;
  }

  /** The repositories of a project's location, by name. */
  list(parent: string): Repository[] {
    return this.#repositories
      .values()
      .filter((each) => each.name.startsWith(`${parent}/repositories/`))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Deletes a repository with its images. */
  async delete(name: string): Promise<void> {
    const images = this.images(name);
    for (const image of images) this.#images.delete(image);
    this.#repositories.delete(name);
    for (const { root } of images) await this.#files.removeUnused(root);
  }

  /** Takes a tag from an image. @throws GoogleError FAILED_PRECONDITION where tags are immutable. */
  untag(name: string, image: StoredImage, tag: string): void {
    this.#requireMutableTags(name);
    this.#images.untag(image, tag);
  }

  /**
   * @param force Whether its tags go too.
   * @throws GoogleError FAILED_PRECONDITION for a tagged image without `force`, or where tags are immutable.
   */
  checkDeletable(name: string, image: StoredImage, force: boolean): void {
    if (image.tags.length === 0) return;
    this.#requireMutableTags(name);
    if (force) return;
    throw failedPrecondition(
      `Version ${image.digest} is tagged (${image.tags.join(", ")}) and can't be deleted without force.`,
    );
  }

  /** Deletes an image. @throws GoogleError as `checkDeletable`. */
  async deleteImage(name: string, image: StoredImage, force: boolean): Promise<void> {
    this.checkDeletable(name, image, force);
    this.#images.delete(image);
    await this.#files.removeUnused(image.root);
  }

  /** The images of a repository. @throws GoogleError NOT_FOUND. */
  images(name: string): StoredImage[] {
    return this.#images.inRepository(this.get(name).registryUri);
  }

  /** The repository that an image's address names. */
  of(uri: ImageUri): Repository | undefined {
    return this.#repositories.get(`projects/${uri.project}/locations/${uri.location}/repositories/${uri.repository}`);
  }

  /** "Immutable image tags": neither is a tagged image deleted, nor a tag taken from one. */
  #requireMutableTags(name: string): void {
    if (!this.get(name).dockerConfig?.immutableTags) return;
    throw failedPrecondition(
      `The tags of the repository ${name} are immutable: a tagged image stays, and so do its tags.`,
    );
  }
}
