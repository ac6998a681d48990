import { constants } from "node:fs";
import { copyFile, link, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import type { Bundle, BundleRequest } from "../core/bundle.js";
import { throwIfCancelled } from "../core/errors.js";
import { localFiles } from "../core/model-files.js";
import type { ResolvedModel } from "../core/model.js";
import type { StepContext } from "../core/progress.js";
import type { BundleBuilder, ModelResolver, ResolveRequest } from "../core/services.js";
import { withoutCredentials } from "../mlflow/printable-uri.js";

/** Finds a model and reads what describes it, as the step `resolve`. */
export async function resolveModel(
  resolver: ModelResolver,
  request: ResolveRequest,
  context: StepContext,
): Promise<ResolvedModel> {
  const { report } = context;
  report({ type: "step", step: "resolve", status: "started", message: withoutCredentials(request.modelUri) });
  const model = await resolver.resolve(request, context);
  const flavors = Object.keys(model.metadata.flavors).join(", ");
  const message = `${model.source.uri} (${flavors}), ${model.files.length} files`;
  report({ type: "step", step: "resolve", status: "done", message });
  return model;
}

/** Of a bundle for a process of this machine: it has no image, and the runtime is told where the model is. */
export const processBundle = { baseImage: null, modelArtifactUri: null };

/** Packs a model's bundle, as the step `bundle`. */
export async function packBundle(
  builder: BundleBuilder,
  request: BundleRequest,
  context: StepContext,
): Promise<Bundle> {
  const bundle = await builder.build(request, context);
  context.report({ type: "step", step: "bundle", status: "done", message: bundle.fileName });
  return bundle;
}

/**
 * Puts a model's files into one directory, brought from their store where they are not on this machine.
 *
 * @param how - `link`: without a copy where that can be, so that the files must not change meanwhile. `copy`: for ever.
 */
export async function placeModel(
  model: ResolvedModel,
  directory: string,
  how: "link" | "copy",
  context: StepContext,
): Promise<void> {
  const place = how === "link" ? linkOrCopy : copy;
  await mkdir(directory, { recursive: true });
  for (const { path, localPath } of await localFiles(model, model.files, context)) {
    throwIfCancelled(context.signal, "Copying the model");
    const target = join(directory, ...path.split("/"));
    await mkdir(dirname(target), { recursive: true });
    await place(localPath, target);
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  // another file system, or one without links
  await link(from, to).catch(() => copy(from, to));
}

/** A file system that can share the bytes of two files until one is changed does. */
async function copy(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
}
