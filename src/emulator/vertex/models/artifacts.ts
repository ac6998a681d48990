/** Vertex AI's own copy of a model's artifacts, which is what a container's AIP_STORAGE_URI names. */
import { createHash, randomUUID } from "node:crypto";
import pLimit from "p-limit";

import { failedPrecondition } from "../../google-error.js";
import type { ObjectStore } from "../../cloud-storage/object-store.js";
import { requireBucketNear } from "../bucket-location.js";
import type { Location } from "../locations.js";
import type { StoredArtifacts } from "./model-record.js";

const mostBytes = 10 * 1024 ** 3;
const concurrentCopies = 8;

/** Copies what users upload, and deletes it with the model version. */
export class ArtifactCopies {
  readonly #objects: ObjectStore;
  /** By the location's name. */
  readonly #tenantBuckets = new Map<string, Promise<string>>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /**
   * Copies the objects below a URI to a bucket of the service.
   *
   * @throws GoogleError when the bucket is missing or elsewhere, when there is nothing, or too much.
   */
  async copy(artifactUri: string, location: Location, signal: AbortSignal): Promise<StoredArtifacts> {
    const [bucket = "", ...path] = artifactUri.replace(/^gs:\/\//, "").split("/");
    const directory = path.join("/").replace(/\/+$/, "");
    const source = directory === "" ? "" : `${directory}/`;
    await requireBucketNear(this.#objects, bucket, location);
    const objects = await this.#objects.list(bucket, source);
    if (objects.length === 0)
      throw failedPrecondition(`The artifact directory ${artifactUri} is empty or does not exist.`);
    const bytes = objects.reduce((sum, each) => sum + Number(each.size), 0);
    if (bytes > mostBytes) {
      throw failedPrecondition(
        `The total size of files in ${artifactUri} is ${bytes} bytes, which exceeds the allowed maximum of ${mostBytes} bytes.`,
      );
    }
    const copy = { bucket: await this.#tenantBucket(location), prefix: `${randomUUID()}/artifacts` };
    try {
      await this.#copyAll(bucket, source, objects, copy, signal);
    } catch (error) {
      await this.delete(copy);
      throw error;
    }
    return copy;
  }

  async delete({ bucket, prefix }: StoredArtifacts): Promise<void> {
    for (const { name } of await this.#objects.list(bucket, `${prefix}/`)) await this.#objects.delete(bucket, name);
  }

  async #copyAll(
    bucket: string,
    source: string,
    objects: readonly { name: string }[],
    copy: StoredArtifacts,
    signal: AbortSignal,
  ): Promise<void> {
    const limit = pLimit(concurrentCopies);
    const copies = objects.map(({ name }) =>
      limit(async () => {
        signal.throwIfAborted();
        const object = `${copy.prefix}/${name.slice(source.length)}`;
        await this.#objects.copy({ bucket, object: name }, { bucket: copy.bucket, object });
      }),
    );
    const failed = (await Promise.allSettled(copies)).find((each) => each.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** One bucket for each project and region, which is not the project's own. Uploads side by side share its making. */
  #tenantBucket(location: Location): Promise<string> {
    const known = this.#tenantBuckets.get(location.name);
    if (known) return known;
    const made = this.#makeTenantBucket(location);
    this.#tenantBuckets.set(location.name, made);
    made.catch(() => this.#tenantBuckets.delete(location.name));
    return made;
  }

  async #makeTenantBucket({ name, projectNumber, location }: Location): Promise<string> {
    const bucket = `caip-tenant-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
    if (!(await this.#objects.getBucket(bucket))) {
      await this.#objects.createBucket(bucket, { project: `v${projectNumber}-tp`, location });
    }
    return bucket;
  }
}
