import type { Operation } from "../operation.js";
import type { StepContext } from "../progress.js";
import type { DeploymentSpec, VersionName } from "../record.js";
import type { ParentModel } from "./model-manager.js";

/** 5: versions of a registry model. */
export interface VersionManager {
  /**
   * The version that was made of this spec, if there is one.
   *
   * @throws DeploymentError `RESOURCE_ALREADY_EXISTS` when another version has the wanted alias.
   */
  find(parent: ParentModel, version: VersionRequest, context: StepContext): Promise<ModelVersion | null>;
  /** Starts to make it. */
  create(parent: ParentModel, version: VersionRequest, context: StepContext): Promise<Operation<ModelVersion>>;
  /** Unfinished operations that may be a `create` whose answer never came; null where the platform does not list them. */
  running(parent: ParentModel, context: StepContext): Promise<Operation<ModelVersion>[] | null>;
  /** The operation of this name. */
  attach(operationName: string): Operation<ModelVersion>;
  /** A version by its full name (`…/models/id@version`); null when there is none. */
  get(name: string, context: StepContext): Promise<ModelVersion | null>;
  /** Replaces the labels of a version. */
  setLabels(version: VersionName, labels: Record<string, string>, context: StepContext): Promise<ModelVersion>;
  /** Deletes one version, and the model with its last one. True when there was one. */
  delete(version: VersionName, context: StepContext): Promise<boolean>;
  /** All versions of the models that this package made, over all pages. */
  list(context: StepContext): Promise<ListedVersion[]>;
}

/** What a version is made from. */
export interface VersionRequest {
  /** The platform's legal form of `versionName`; null for none. */
  alias: string | null;
  spec: DeploymentSpec;
  imageUri: string;
  /** Where the model's artifacts are: `gs://bucket/…`. */
  artifactUri: string;
  labels: Record<string, string>;
  /** Environment of the container. */
  env: Record<string, string>;
  /** The customer-managed key that encrypts it. */
  encryptionKey: string | null;
  /** Seconds that its container may take to get healthy. Default: the platform's. */
  deploymentTimeout?: number | undefined;
  /** How its predictions can be explained, in the platform's terms; null where they cannot. */
  explanationSpec: Record<string, unknown> | null;
}

/** A version of a registry model. */
export interface ModelVersion extends VersionName {
  aliases: string[];
  labels: Record<string, string>;
  artifactUri: string | null;
  imageUri: string | null;
  /** Environment of the container. */
  env: Record<string, string>;
  /** RFC 3339; null where the platform does not say. */
  createTime: string | null;
}

/** A version as a listing of the registry shows it. */
export interface ListedVersion extends ModelVersion {
  /** Whether this package made it: anybody may add a version to a model. */
  ours: boolean;
  /** The endpoints that the registry knows it to be deployed on, whoever deployed it, by their full names. */
  deployedOn: string[];
}
