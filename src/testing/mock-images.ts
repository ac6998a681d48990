import type { Clock } from "../core/clock.js";
import type { ContainerImage, ImageBuilder, ImageRequest, ListedImage } from "../core/services.js";

/** Serving images in memory. */
export class MockImages implements ImageBuilder {
  /** By the environment's hash. */
  readonly images = new Map<string, ListedImage>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async find(environmentHash: string): Promise<ContainerImage | null> {
    const image = this.images.get(environmentHash);
    return image ? { uri: image.uri, built: false } : null;
  }

  async ensure({ environmentHash }: ImageRequest): Promise<ContainerImage> {
    const there = await this.find(environmentHash);
    if (there) return there;
    const uri = `region-docker.pkg.dev/acme/images/serving@sha256:${environmentHash}`;
    const createTime = new Date(this.#clock.now()).toISOString();
    this.images.set(environmentHash, { uri, environmentHashes: [environmentHash], size: null, createTime });
    return { uri, built: true };
  }

  async list(): Promise<ListedImage[]> {
    return structuredClone([...this.images.values()]);
  }

  async delete({ uri }: Pick<ListedImage, "uri">): Promise<void> {
    for (const [hash, image] of this.images) if (image.uri === uri) this.images.delete(hash);
  }
}
