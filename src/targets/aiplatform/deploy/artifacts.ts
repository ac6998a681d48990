import { DeploymentError } from "../../../core/errors.js";
import { localBytes, uploadFile } from "../../../core/model-files.js";
import type { UploadFile } from "../../../core/services.js";
import type { Call } from "../call.js";
import { required } from "../config/load-settings.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import type { Wanted } from "./wanted.js";

/** A place in the bucket. */
interface Location {
  bucket: string;
  prefix: string;
  uri: string;
}

/** Where a model's files are kept: by their content, so that the same model is sent once, whatever deployments use it. */
export function artifactLocation(modelHash: string, settings: AiPlatformSettings): Location {
  return location(`models/${modelHash.slice(0, 16)}`, settings);
}

/** Where the bundles of an environment are kept. */
function bundleLocation(environmentHash: string, settings: AiPlatformSettings): Location {
  return location(`bundles/${environmentHash.slice(0, 16)}`, settings);
}

/** Sends the model's files to the bucket, and gives where they are. */
export async function uploadModel({ spec, model }: Wanted, { services, settings, context }: Call): Promise<string> {
  const { bucket, prefix, uri } = artifactLocation(spec.modelHash, settings);
  context.report({ type: "step", step: "upload", status: "started", message: uri });
  const objects = await services.uploader.upload({ bucket, prefix, files: model.files.map(uploadFile) }, context);
  const sent = objects.filter((object) => object.sent).length;
  const message =
    sent === 0 ? `all ${objects.length} files are there` : `${sent} of ${objects.length} files sent to ${uri}`;
  context.report({ type: "step", step: "upload", status: sent === 0 ? "skipped" : "done", message });
  return uri;
}

/** The serving image: the user's own, found, or built from the bundle. */
export async function ensureImage({ spec, bundle }: Wanted, call: Call): Promise<string> {
  const { services, settings, context } = call;
  if (!bundle) return required(settings, "imageUri");
  const { bucket, prefix } = bundleLocation(spec.environmentHash, settings);
  const { fileName: path, localPath, size, crc32c } = bundle;
  const file: UploadFile = { path, size, crc32c, open: async (opening) => localBytes(localPath, opening) };
  // small, and not told: its transfer would begin the step upload again, which has ended
  const quiet = { ...context, report: () => {} };
  const [object] = await services.uploader.upload({ bucket, prefix, files: [file] }, quiet);
  if (!object)
    throw new DeploymentError("INTERNAL_ERROR", "The uploader says nothing of the bundle that it was given.");
  context.report({ type: "step", step: "image", status: "started", message: "the serving image" });
  const image = await services.imageBuilder.ensure(
    {
      environmentHash: spec.environmentHash,
      source: { bucket, object: object.name, generation: object.generation },
      directory: bundle.directory,
    },
    context,
  );
  const shown = shortImage(image.uri);
  const status = image.built ? "done" : "skipped";
  const message = image.built ? `built ${shown}` : `${shown} is there`;
  context.report({ type: "step", step: "image", status, message });
  return image.uri;
}

/** An image's name for a person: the digest is long, and its beginning tells it. */
export function shortImage(uri: string): string {
  return uri.replace(/(@sha256:.{12}).*/, "$1…");
}

function location(path: string, settings: AiPlatformSettings): Location {
  const bucket = required(settings, "productionBucket");
  const prefix = settings.productionRoute === "" ? path : `${settings.productionRoute}/${path}`;
  return { bucket, prefix, uri: `gs://${bucket}/${prefix}` };
}
