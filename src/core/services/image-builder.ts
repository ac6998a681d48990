import type { StepContext } from "../progress.js";

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
