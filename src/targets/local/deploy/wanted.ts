import { join } from "node:path";

import { DeploymentError } from "../../../core/errors.js";
import { modelHash } from "../../../core/model-files.js";
import type { ResolvedModel } from "../../../core/model.js";
import type { DeploymentSpec } from "../../../core/record.js";
import { packBundle, processBundle, resolveModel } from "../../prepare-model.js";
import type { WorkDirectory } from "../../work-directory.js";
import type { Call } from "../call.js";
import { type Observed, servingSpec } from "../live-state.js";
import { bundleName, deploymentSpec, modelName, type SpecSettings, specSettings } from "../spec.js";
import { type BundleSource, readBundle } from "./install.js";

/** What a call wants to be served, with what it takes. */
export interface Wanted {
  spec: DeploymentSpec;
  /** Null where the model that is there stays. */
  model: ResolvedModel | null;
  bundle: BundleSource;
  /** The values of its environment variables; null for those of what serves now. */
  env: Record<string, string> | null;
}

/** What `createDeployment` wants: all that the call does not name has its default. */
export async function wantedByCreate(
  name: string,
  source: { modelUri: string; flavor: string | null },
  directory: WorkDirectory,
  call: Call,
): Promise<Wanted> {
  const settings = specSettings(call.settings);
  const made = await modelAndBundle(source.modelUri, source.flavor, settings, directory, call);
  const modelUri = made.model.source.uri;
  const spec = deploymentSpec(name, { ...made.hashes, modelUri, flavor: source.flavor }, settings);
  return { spec, model: made.model, bundle: made.bundle, env: call.settings.env };
}

/** What `updateDeployment` wants: all that the call does not name stays as it is. */
export async function wantedByUpdate(
  observed: Observed,
  source: { modelUri: string | null; flavor: string | null },
  directory: WorkDirectory,
  call: Call,
): Promise<Wanted> {
  const now = servingSpec(observed);
  // a variable of the environment is not said of this deployment, unless it comes with a new model
  const isNamed = (setting: keyof SpecSettings) =>
    call.given.has(setting) && (source.modelUri !== null || !call.ambient.has(setting));
  const settings = updatedSettings(now.settings as unknown as SpecSettings, isNamed, call);
  const env = isNamed("env") ? call.settings.env : Object.keys(settings.env).length === 0 ? {} : null;
  const isNewCode = isNamed("predictionScript") || isNamed("preprocessor") || isNamed("setupFile");
  const { name } = observed.record;
  if (source.modelUri === null && !isNewCode) {
    const bundle = await readBundle(bundleName(now), observed.directory);
    if (bundle) return { spec: deploymentSpec(name, now, settings), model: null, bundle, env };
  }
  if (source.modelUri === null) {
    const there = join(observed.directory.models, modelName(now));
    const { hashes, bundle } = await modelAndBundle(there, now.flavor, settings, directory, call);
    // it is the same model, whatever its code has written beside it
    const parts = { ...now, environmentHash: hashes.environmentHash };
    return { spec: deploymentSpec(name, parts, settings), model: null, bundle, env };
  }
  const { modelUri, flavor } = source;
  const { model, hashes, bundle } = await modelAndBundle(modelUri, flavor, settings, directory, call);
  const spec = deploymentSpec(name, { ...hashes, modelUri: model.source.uri, flavor }, settings);
  return { spec, model, bundle, env };
}

function updatedSettings(
  now: SpecSettings,
  isNamed: (setting: keyof SpecSettings) => boolean,
  { settings }: Call,
): SpecSettings {
  const named = specSettings(settings);
  const updated = { ...now };
  for (const key of Object.keys(named) as (keyof SpecSettings)[]) {
    if (isNamed(key)) Object.assign(updated, { [key]: named[key] });
  }
  if (updated.port === now.port) return updated;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The setting port cannot be changed by an update (${now.port} → ${updated.port}). Delete the deployment and create it again.`,
  );
}

async function modelAndBundle(
  modelUri: string,
  flavor: string | null,
  { predictionScript, preprocessor = null, setupFile }: SpecSettings,
  directory: WorkDirectory,
  { modelResolver, bundleBuilder, context }: Call,
) {
  const request = { modelUri, flavor: flavor ?? undefined, directory: directory.models };
  const model = await resolveModel(modelResolver, request, context);
  const bundle = await packBundle(
    bundleBuilder,
    {
      ...processBundle,
      model,
      versionName: null,
      predictionScript,
      preprocessor,
      setupFile,
      directory: directory.bundle,
    },
    context,
  );
  const { localPath: archive, directory: root, environmentHash } = bundle;
  return {
    model,
    hashes: { modelHash: modelHash(model), environmentHash },
    bundle: { archive, root, pythonVersion: model.metadata.pythonVersion },
  };
}
