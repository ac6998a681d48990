import type { Collection, StateStore } from "./state.js";

/** What a build made of a Dockerfile, and what a deployed container runs: a directory and a way to start it, not layers. */
export interface BuiltImage {
  /** `sha256:` and 64 hexadecimal digits, over what the image holds. */
  digest: string;
  /** The directory on this machine that stands for `/` in the image. */
  root: string;
  /** Path of the Python interpreter that satisfies what the Dockerfile installed. */
  python: string;
  /** Directories that `pip install` filled; the container's PYTHONPATH. */
  pythonPath: string[];
  /** The directory on this machine that stands for the image's WORKDIR. */
  workdir: string;
  /** ENTRYPOINT and CMD, in exec form. */
  command: string[];
  /** The Dockerfile's ENV. */
  env: Record<string, string>;
}

/** An image as Artifact Registry keeps it. */
export interface StoredImage extends BuiltImage {
  /** `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE`. */
  name: string;
  tags: string[];
  sizeBytes: number;
  createTime: string;
}

/** The parts of `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE[:TAG][@DIGEST]`. */
export interface ImageUri {
  location: string;
  /** The project's id; that of a domain, `example.com:acme`, is `example.com/acme` in the address. */
  project: string;
  repository: string;
  image: string;
  tag: string | undefined;
  digest: string | undefined;
}

const uriPattern =
  /^(?<location>[a-z0-9-]+)-docker\.pkg\.dev\/(?<project>(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+\/)?[a-z0-9-]+)\/(?<repository>[a-z0-9-]+)\/(?<image>[a-z0-9._/-]+?)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** The parts of an Artifact Registry image's address, or undefined for any other text. */
export function parseImageUri(uri: string): ImageUri | undefined {
  const groups = uriPattern.exec(uri)?.groups;
  if (!groups) return undefined;
  const { location = "", project = "", repository = "", image = "", tag, digest } = groups;
  return { location, project: project.replace("/", ":"), repository, image, tag, digest };
}

/** The address of a repository: `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY`. */
export function registryUri({ location, project, repository }: Pick<ImageUri, "location" | "project" | "repository">) {
  return `${location}-docker.pkg.dev/${project.replace(":", "/")}/${repository}`;
}

/** The images of every Artifact Registry repository of the emulator. */
export class ImageRegistry {
  readonly #images: Collection<StoredImage>;

  constructor(state: StateStore) {
    this.#images = state.collection<StoredImage>("images");
  }

  /** The image at an address, by digest if it has one, else by tag (default `latest`). */
  find(imageUri: string): BuiltImage | undefined {
    const uri = parseImageUri(imageUri);
    if (!uri) return undefined;
    const name = `${registryUri(uri)}/${uri.image}`;
    if (uri.digest) return this.#images.get(`${name}@${uri.digest}`);
    const tag = uri.tag ?? "latest";
    return this.#images.values().find((image) => image.name === name && image.tags.includes(tag));
  }

  /** Adds an image under a tag, which moves to it from the image that had it. */
  push(name: string, tag: string, image: BuiltImage & { sizeBytes: number }): StoredImage {
    for (const [key, other] of this.#images.entries()) {
      if (other.name === name && other.digest !== image.digest && other.tags.includes(tag)) {
        this.#images.set(key, { ...other, tags: other.tags.filter((each) => each !== tag) });
      }
    }
    const key = `${name}@${image.digest}`;
    const known = this.#images.get(key);
    const stored: StoredImage = {
      ...image,
      name,
      tags: [...new Set([...(known?.tags ?? []), tag])],
      createTime: known?.createTime ?? new Date().toISOString(),
    };
    this.#images.set(key, stored);
    return stored;
  }

  /** The images of a repository, `LOCATION-docker.pkg.dev/PROJECT/REPOSITORY`. */
  inRepository(repository: string): StoredImage[] {
    return this.#images.values().filter((image) => image.name.startsWith(`${repository}/`));
  }

  /** Forgets an image; its files are another matter. */
  delete({ name, digest }: StoredImage): void {
    this.#images.delete(`${name}@${digest}`);
  }

  untag({ name, digest }: StoredImage, tag: string): void {
    const key = `${name}@${digest}`;
    const image = this.#images.get(key);
    if (image) this.#images.set(key, { ...image, tags: image.tags.filter((each) => each !== tag) });
  }

  /** The directories of all images. */
  roots(): string[] {
    return this.#images.values().map(({ root }) => root);
  }
}
