/**
 * What each deployed container may read. On Vertex AI the container's default identity reads the objects under
 * `AIP_STORAGE_URI` and no others ("Custom container requirements for inference"), on AI Platform Prediction it is a
 * service account of the project's that reads its buckets; here its identity is a token in the path of the storage endpoint
 * that it is given.
 */
export class ContainerAccess {
  readonly #grants = new Map<string, { bucket: string; prefix: string }>();

  /**
   * Lets a container read the objects of a directory in a bucket, or of the whole bucket.
   *
   * @param token What the container's STORAGE_EMULATOR_HOST ends in: `http://127.0.0.1:PORT/containers/TOKEN`.
   * @param directory With or without a `/` at its end: `model` does not open `model-2/`. Default: the whole bucket.
   */
  grant(token: string, bucket: string, directory?: string): void {
    const prefix = directory === undefined || directory.endsWith("/") ? directory : `${directory}/`;
    this.#grants.set(token, { bucket, prefix: prefix ?? "" });
  }

  revoke(token: string): void {
    this.#grants.delete(token);
  }

  /** Whether the container may read this object, or list with this prefix. */
  allows(token: string, bucket: string, name: string): boolean {
    const grant = this.#grants.get(token);
    return grant !== undefined && grant.bucket === bucket && name.startsWith(grant.prefix);
  }
}
