import type { DeploymentError } from "../../../core/errors.js";
import type { PruneItem } from "../../../core/prune.js";
import type { ListedImage, ListedObject, ListedRecord } from "../../../core/services.js";
import type { Call } from "../call.js";
import { type Inventory, type InventoryPart, kinds, readInventory } from "./inventory.js";
import { needsOf, withEnvironments, withVersions } from "./needs.js";
import { oldRecords } from "./old-records.js";
import { environmentsOfNamed, unneededImages } from "./unneeded-images.js";
import { unneededObjects } from "./unneeded-objects.js";
import { type UnneededVersion, unneededVersions } from "./unneeded-versions.js";

/** Something that can be pruned, and how. */
export interface Prunable {
  item: PruneItem;
  /** The names of what has to go before it. */
  after: string[];
  /** Deletes it, unless it has changed since it was looked at. */
  remove(): Promise<unknown>;
}

/** What can be pruned now. */
export interface Prunables {
  prunables: Prunable[];
  /** Why records could not be read; nothing can be pruned then but old records, since anything may be needed. */
  unreadable: DeploymentError[];
}

/**
 * All that can be pruned, the unneeded versions first: what only they need can go too.
 *
 * @param keepVersions - How many versions of each model stay though nothing needs them.
 */
export async function findAll(keepVersions: number, call: Call): Promise<Prunables> {
  const inventory = await readInventory(["versions", "images", "objects"], call);
  const versions = kindPrunables("version", inventory, keepVersions, call);
  const going = new Set(versions.map(({ item }) => item.name));
  const left = { ...inventory, versions: inventory.versions.filter((version) => !going.has(versionName(version))) };
  const others = kinds.slice(1).flatMap((kind) => kindPrunables(kind, left, keepVersions, call));
  return { prunables: [...versions, ...others], unreadable: inventory.records.unreadable };
}

/** What has to be known to tell what of a kind is needed. */
const partsFor: Record<PruneItem["kind"], readonly InventoryPart[]> = {
  version: ["versions"],
  image: ["versions", "images"],
  object: ["versions", "images", "objects"],
  record: [],
};

/** What of one kind can be pruned while all versions that are there stay. */
export async function findOfKind(kind: PruneItem["kind"], keepVersions: number, call: Call): Promise<Prunables> {
  const inventory = await readInventory(partsFor[kind], call);
  return {
    prunables: kindPrunables(kind, inventory, keepVersions, call),
    unreadable: inventory.records.unreadable,
  };
}

function kindPrunables(kind: PruneItem["kind"], inventory: Inventory, keepVersions: number, call: Call): Prunable[] {
  const { versions, endpoints, batches, images, objects, records, route, bucket } = inventory;
  const now = call.services.clock.now();
  if (kind === "record") return oldRecords(records.records, now).map((record) => prunableRecord(record, call));
  if (records.unreadable.length > 0) return [];
  const needs = needsOf(records.records, endpoints, batches, now);
  if (kind === "version") {
    return unneededVersions(versions, needs, keepVersions, now).map((unneeded) => prunableVersion(unneeded, call));
  }
  const withThese = withVersions(needs, versions);
  if (kind === "image") {
    return unneededImages(images, withThese, now).map((image) => prunableImage(image, call));
  }
  const withAll = withEnvironments(withThese, environmentsOfNamed(images, withThese));
  return unneededObjects(objects, route, withAll, now).map(({ object, reason }) =>
    prunableObject(bucket, object, reason, call),
  );
}

function prunableVersion({ version, reason, after }: UnneededVersion, { services, context }: Call): Prunable {
  const { model, versionId, createTime } = version;
  return {
    item: { kind: "version", name: versionName(version), reason, size: null, createTime },
    after: after.map(versionName),
    remove: () => services.versionManager.delete({ model, versionId }, context),
  };
}

function prunableImage(image: ListedImage, { services, context }: Call): Prunable {
  const { uri, size, createTime } = image;
  return {
    item: { kind: "image", name: uri, reason: "no deployment has this environment", size, createTime },
    after: [],
    remove: () => services.imageBuilder.delete(image, context),
  };
}

function prunableObject(bucket: string, object: ListedObject, reason: string, { services, context }: Call): Prunable {
  const { name, size, createTime } = object;
  return {
    item: { kind: "object", name: `gs://${bucket}/${name}`, reason, size, createTime },
    after: [],
    remove: () => services.uploader.delete(bucket, object, context),
  };
}

function prunableRecord({ uri, record, generation }: ListedRecord, { services, context }: Call): Prunable {
  const reason = `its deployment "${record.name}" was deleted on ${(record.deletedAt ?? "").slice(0, 10)}`;
  return {
    item: { kind: "record", name: uri, reason, size: null, createTime: null },
    after: [],
    remove: () => services.deploymentStore.delete(record.name, generation, context),
  };
}

function versionName({ model, versionId }: { model: string; versionId: string }): string {
  return `${model}@${versionId}`;
}
