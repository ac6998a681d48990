import { DeploymentError, throwIfCancelled } from "../../core/errors.js";
import type { ModelSource } from "../../core/model.js";
import type { ModelResolver } from "../../core/services.js";
import { parseTargetUri } from "../../core/target-uri.js";
import { identifierOf, isIdentifier, typescriptModule } from "../../signature/typescript-module.js";
import type { AiPlatformConfig } from "./config/index.js";
import { loadSettings } from "./config/load-settings.js";
import { settingsResolver } from "./settings-resolver.js";

/** Whose types are wanted. */
export interface ModelTypesOptions {
  /** As of `createDeployment`. */
  modelUri: string;
  /** What the model is called in TypeScript. Default: by its name in MLflow. */
  name?: string | undefined;
  /** How MLflow and Google are reached. */
  config?: AiPlatformConfig | undefined;
  /** In place of the one that the settings say. */
  modelResolver?: ModelResolver | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * A TypeScript module with the types of a model, by its signature. Of the model's files only the description is read.
 *
 * @throws DeploymentError as of `createDeployment`; `INVALID_PARAMETER_VALUE` for a name that is no identifier.
 */
export async function modelTypes(options: ModelTypesOptions): Promise<string> {
  const { modelUri, name, config, signal } = options;
  try {
    throwIfCancelled(signal, "types");
    if (name !== undefined && !isIdentifier(name)) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `"${name}" cannot be the name of a model in TypeScript; write "${identifierOf(name)}", or another identifier.`,
      );
    }
    const { settings } = loadSettings({ callConfig: config, target: parseTargetUri("aiplatform"), env: process.env });
    const resolver = options.modelResolver ?? settingsResolver(settings);
    if (!resolver.describe) {
      throw new DeploymentError(
        "NOT_IMPLEMENTED",
        "The modelResolver that was given describes no model: it has no method describe.",
      );
    }
    const { source, metadata } = await resolver.describe({ modelUri }, { report: () => {}, signal });
    return typescriptModule({
      name: name ?? identifierOf(nameOf(source)),
      uri: source.uri,
      signature: metadata.signature,
    });
  } catch (error) {
    throw DeploymentError.from(error, "types");
  }
}

/** The registered model's name, else the last word of the URI that is no id. */
function nameOf({ uri, registeredModel }: ModelSource): string {
  if (registeredModel) return registeredModel.name;
  const words = uri.replace(/^[a-z-]+:/i, "").split("/");
  return words.findLast((word) => /^[a-z]/i.test(word) && !/^m-[0-9a-f]{32}$|^[0-9a-f]{32}$/.test(word)) ?? "model";
}
