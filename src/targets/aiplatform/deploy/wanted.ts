import type { Bundle } from "../../../core/bundle.js";
import { modelHash } from "../../../core/model-files.js";
import type { ResolvedModel } from "../../../core/model.js";
import type { DeploymentSpec } from "../../../core/record.js";
import type { Call } from "../call.js";
import { required } from "../config/load-settings.js";
import { deploymentSpec, imageEnvironmentHash } from "../spec.js";
import { artifactLocation } from "./artifacts.js";
import * as prepare from "../../prepare-model.js";
import type { WorkDirectory } from "../../work-directory.js";

/** What a call wants to be deployed: what it is made of, and the files for that. */
export interface Wanted {
  name: string;
  spec: DeploymentSpec;
  model: ResolvedModel;
  /** Null where the image is the user's own. */
  bundle: Bundle | null;
}

/** Which model is wanted, under which name and where. */
export interface WantedRequest {
  name: string;
  modelUri: string;
  flavor: string | null;
  /** The id of the endpoint that it shares; null for one of its own. */
  sharedEndpoint: string | null;
}

/** Finds and reads the model, packs its bundle, and says what a deployment of it would be. Changes nothing. */
export async function prepareWanted(request: WantedRequest, directory: WorkDirectory, call: Call): Promise<Wanted> {
  return wantedOf(await resolveModel(request, directory, call), request, directory, call);
}

/**
 * Packs the bundle of a model that was read, and says what a deployment of it would be.
 *
 * @param hash - The model's. One that stays keeps its own: the copy in the bucket is known by other marks than where it came from.
 */
export async function wantedOf(
  model: ResolvedModel,
  request: Omit<WantedRequest, "modelUri">,
  directory: WorkDirectory,
  call: Call,
  hash = modelHash(model),
): Promise<Wanted> {
  const { settings } = call;
  const bundle = settings.serving === "build" ? await pack(model, hash, directory.bundle, call) : null;
  const parts = {
    environmentHash: bundle?.environmentHash ?? imageEnvironmentHash(required(settings, "imageUri")),
    modelHash: hash,
    modelUri: model.source.uri,
    flavor: request.flavor,
  };
  return {
    name: request.name,
    spec: deploymentSpec(request.name, parts, settings, request.sharedEndpoint),
    model,
    bundle,
  };
}

/** Finds a model, and reads what describes it. */
export function resolveModel(
  { modelUri, flavor }: Pick<WantedRequest, "modelUri" | "flavor">,
  { models: directory }: WorkDirectory,
  { services, context }: Call,
): Promise<ResolvedModel> {
  return prepare.resolveModel(services.modelResolver, { modelUri, directory, flavor: flavor ?? undefined }, context);
}

function pack(
  model: ResolvedModel,
  hash: string,
  directory: string,
  { services, settings, context }: Call,
): Promise<Bundle> {
  return prepare.packBundle(
    services.bundleBuilder,
    {
      model,
      versionName: settings.versionName ?? null,
      predictionScript: settings.predictionScript ?? null,
      preprocessor: settings.preprocessor ?? null,
      setupFile: settings.setupFile ?? null,
      baseImage: settings.baseImage ?? null,
      modelArtifactUri: settings.platform === "legacy" ? artifactLocation(hash, settings).uri : null,
      directory,
    },
    context,
  );
}
