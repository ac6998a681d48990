import type { BatchJob } from "../../../core/batch.js";
import type { PruneItem } from "../../../core/prune.js";
import type { Endpoint, ListedImage, ListedObject, ListedVersion, RecordList } from "../../../core/services.js";
import type { Call } from "../call.js";
import { required } from "../config/load-settings.js";
import { managedBy } from "../spec.js";

/** What kinds of things there are, in the order in which they are deleted: the later ones are what the earlier are made of. */
export const kinds = ["version", "image", "object", "record"] as const satisfies PruneItem["kind"][];

/** All that deployments of the same bucket and route have made. */
export interface Inventory {
  bucket: string;
  /** Below which objects are kept, with a slash at its end unless it is empty. */
  route: string;
  versions: ListedVersion[];
  endpoints: Endpoint[];
  /** The batch predictions that are not over. */
  batches: BatchJob[];
  images: ListedImage[];
  objects: ListedObject[];
  records: RecordList;
}

/** What of an inventory is read beside records and endpoints. */
export type InventoryPart = "versions" | "images" | "objects";

/** Reads what there is; `parts` that are not asked for are empty. */
export async function readInventory(parts: readonly InventoryPart[], call: Call): Promise<Inventory> {
  const { services, settings, context } = call;
  const bucket = required(settings, "productionBucket");
  const route = settings.productionRoute === "" ? "" : `${settings.productionRoute}/`;
  const read = <T>(part: InventoryPart, list: () => Promise<T[]>): Promise<T[]> =>
    parts.includes(part) ? list() : Promise.resolve([]);
  const running = { labels: { "managed-by": managedBy }, unended: true };
  const [versions, endpoints, batches, images, models, bundles] = await Promise.all([
    read("versions", () => services.versionManager.list(context)),
    read("versions", () => services.endpointManager.list(context)),
    read("versions", async () => (await services.batchService?.list(running, context)) ?? []),
    read("images", () => services.imageBuilder.list(context)),
    read("objects", () => services.uploader.list(bucket, `${route}models/`, context)),
    read("objects", () => services.uploader.list(bucket, `${route}bundles/`, context)),
  ]);
  // The records last: whoever comes to need something that is there writes that down first.
  const records = await services.deploymentStore.list(context);
  return { bucket, route, versions, endpoints, batches, images, objects: [...models, ...bundles], records };
}
