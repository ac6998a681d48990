import type { ContainerImage, ImageBuilder, ImageRequest, ListedImage } from "../../../core/services.js";

/** On the legacy platform nothing is built: the platform installs the sdist itself, from where it was uploaded. */
export class PackageAsImage implements ImageBuilder {
  find(): Promise<ContainerImage | null> {
    return Promise.resolve(null);
  }

  /** The sdist's URI, `gs://bucket/object`, in place of an image's. */
  ensure({ source }: ImageRequest): Promise<ContainerImage> {
    return Promise.resolve({ uri: `gs://${source.bucket}/${source.object}`, built: false });
  }

  list(): Promise<ListedImage[]> {
    return Promise.resolve([]);
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }
}
