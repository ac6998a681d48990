/** A version's model and packages in Cloud Storage, and the service's own copy of them. */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

import pLimit from "p-limit";

import { parseGsUri } from "../cloud-storage/gs-uri.js";
import type { ObjectPath, ObjectStore } from "../cloud-storage/object-store.js";
import { type FieldProblem, throwProblems } from "./field-error.js";
import type { VersionSettings } from "./records.js";

/** "The total number of files under this directory must not exceed 1000." */
const mostFiles = 1000;
/** Of models on legacy (MLS1) machine types ("Quotas and limits"). */
const mostBytes = 500 * 1024 ** 2;
const concurrentDownloads = 8;

interface SourceFile extends ObjectPath {
  /** Where it goes, from the directory that it is copied to. */
  path: string;
}

/** What a version is made from. */
export interface VersionSources {
  model: SourceFile[];
  packages: SourceFile[];
}

/** @throws GoogleError FAILED_PRECONDITION when something is missing, too much, or named so that no directory can hold it. */
export async function findSources(objects: ObjectStore, settings: VersionSettings): Promise<VersionSources> {
  const problems: FieldProblem[] = [];
  const packages: SourceFile[] = [];
  for (const [index, uri] of settings.packageUris.entries()) {
    const at = parseGsUri(uri)!;
    if (!(await exists(objects, at))) {
      problems.push({ field: "version.package_uris", description: `The package ${uri} does not exist.` });
    }
    packages.push({ ...at, path: `${index}/${basename(at.object)}` });
  }
  const { files: model, problem } = await findModel(objects, settings.deploymentUri);
  if (problem !== undefined) problems.push({ field: "version.deployment_uri", description: problem });
  throwProblems("FAILED_PRECONDITION", problems);
  return { model, packages };
}

async function exists(objects: ObjectStore, { bucket, object }: ObjectPath): Promise<boolean> {
  return (await objects.getBucket(bucket)) !== undefined && (await objects.stat(bucket, object)) !== undefined;
}

async function findModel(objects: ObjectStore, uri: string): Promise<{ files: SourceFile[]; problem?: string }> {
  const { bucket, object } = parseGsUri(uri)!;
  const prefix = object === "" || object.endsWith("/") ? object : `${object}/`;
  const found = (await objects.getBucket(bucket)) ? await objects.list(bucket, prefix) : [];
  // an object whose name ends so stands for an empty directory
  const files = found
    .filter(({ name }) => !name.endsWith("/"))
    .map(({ name, size }) => ({ bucket, object: name, path: name.slice(prefix.length), size: Number(size) }));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const unsafe = files.find(
    ({ path }) => path.includes("\0") || path.split("/").some((part) => /^\.{0,2}$/.test(part)),
  );
  if (files.length === 0) return { files, problem: "The provided URI for model files doesn't contain any objects." };
  if (files.length > mostFiles) return { files, problem: `There are ${files.length} files, more than ${mostFiles}.` };
  if (bytes > mostBytes) return { files, problem: `The model has ${bytes} bytes, more than ${mostBytes}.` };
  if (unsafe) return { files, problem: `The object ${unsafe.object} has no name that a file can have.` };
  return { files };
}

/** Copies files into a directory. */
export async function download(
  objects: ObjectStore,
  files: readonly SourceFile[],
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const limit = pLimit(concurrentDownloads);
  const downloads = files.map(({ bucket, object, path }) =>
    limit(async () => {
      signal.throwIfAborted();
      const target = join(directory, path);
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await objects.open(bucket, object), createWriteStream(target), { signal });
    }),
  );
  const failed = (await Promise.allSettled(downloads)).find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
}
