import { crc32c } from "@node-rs/crc32";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Bundle, BundleRequest } from "../core/bundle.js";
import { DeploymentError, throwIfCancelled } from "../core/errors.js";
import { encodeCrc32c } from "../core/hash.js";
import type { StepContext } from "../core/progress.js";
import type { BundleBuilder } from "../core/services.js";
import { writeTarGz } from "./archive.js";
import { defaultPython } from "./base-image.js";
import { environment } from "./environment.js";
import { packageInfo, projectName } from "./package-info.js";
import { renderPython } from "./python-source.js";
import { versionOfHash, versionOfName } from "./sdist-version.js";

/**
 * Packs a source distribution that pip installs and Docker builds the serving image from, without Python on this machine:
 * `setup.py`, `predictor.py`, the serving runtime, requirements and Dockerfile. The model itself is not in it.
 *
 * The same model and settings give the same bytes on every machine.
 */
export class SdistBundleBuilder implements BundleBuilder {
  /**
   * Writes `deploy_from_script-<version>.tar.gz` into `request.directory`, which is made if absent.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a template, requirement, Python version or base image that cannot be
   * used, `CANCELLED`, and `INTERNAL_ERROR` when the archive cannot be written.
   */
  async build(request: BundleRequest, context: StepContext): Promise<Bundle> {
    throwIfCancelled(context.signal, "Packing the bundle");
    try {
      return await pack(request, context);
    } catch (error) {
      throw DeploymentError.from(error, "Packing the bundle");
    }
  }
}

async function pack(request: BundleRequest, context: StepContext): Promise<Bundle> {
  const { modelArtifactUri, versionName } = request;
  const named = versionName === null ? null : versionOfName(versionName);
  const view = {
    legacy: modelArtifactUri !== null,
    modelArtifactUri,
    modelVersion: named,
    preprocessor: request.preprocessor !== null,
  };
  const parts = await environment(request, view, context);
  for (const message of parts.warnings) context.report({ type: "warning", message });
  if (request.baseImage === null && request.model.metadata.pythonVersion === null) {
    context.report({
      type: "warning",
      message: `The model does not say which Python it was logged with; its image has ${defaultPython}. Choose another by baseImage.`,
    });
  }

  const version = named ?? versionOfHash(parts.hash);
  const setup = renderPython(parts.setup, { ...view, modelVersion: version, requirements: parts.requirements });
  const directory = `${projectName}-${version}`;
  const files = [
    ...parts.files,
    { path: "setup.py", content: setup },
    { path: "PKG-INFO", content: packageInfo(version, parts.requirements) },
  ];

  throwIfCancelled(context.signal, "Packing the bundle");
  const fileName = `${directory}.tar.gz`;
  const localPath = join(request.directory, fileName);
  await mkdir(request.directory, { recursive: true });
  let size = 0;
  let checksum = 0;
  await writeTarGz(localPath, directory, files, (piece) => {
    size += piece.length;
    checksum = crc32c(piece, checksum);
  });
  return {
    fileName,
    localPath,
    size,
    crc32c: encodeCrc32c(checksum),
    version,
    directory,
    environmentHash: parts.hash,
  };
}
