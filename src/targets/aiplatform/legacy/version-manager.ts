import { DeploymentError } from "../../../core/errors.js";
import { canonicalJson } from "../../../core/hash.js";
import { type Operation, OperationFailedError } from "../../../core/operation.js";
import type { StepContext } from "../../../core/progress.js";
import type { VersionName } from "../../../core/record.js";
import type {
  ListedVersion,
  ModelVersion,
  ParentModel,
  VersionManager,
  VersionRequest,
} from "../../../core/services.js";
import { type MlOptions, MlApi, type Version } from "./ml-api.js";
import { deleteEmptyModel } from "./model-manager.js";
import { versionResourceName } from "./resource-names.js";
import { createVersion, versionCreation } from "./version-creation.js";
import { removeVersion } from "./version-removal.js";
import { isOfSpec, serves, toVersion, versionNameOf, versionResource } from "./version-resource.js";

/**
 * Versions of AI Platform Prediction, made by `versions.create`. A version is at once the registry version and what
 * serves: its operation is done when the platform has loaded the model.
 */
export class LegacyVersionManager implements VersionManager {
  readonly #ml: MlApi;

  constructor(options: MlOptions) {
    this.#ml = new MlApi(options);
  }

  async find(parent: ParentModel, request: VersionRequest, { signal }: StepContext): Promise<ModelVersion | null> {
    const versions = await this.#ml.versions(parent.name, signal);
    const wanted = versionNameOf(request);
    const holder = versions.find(({ name, state }) => state !== "FAILED" && this.#ml.names.idOf(name ?? "") === wanted);
    if (holder && !isOfSpec(holder, request)) throw nameTaken(parent, wanted);
    const same = versions.find((version) => serves(version) && isOfSpec(version, request));
    return same ? toVersion(same, this.#ml.names) : null;
  }

  async create(parent: ParentModel, request: VersionRequest, context: StepContext): Promise<Operation<ModelVersion>> {
    return createVersion(this.#ml, parent.name, versionResource(request), this.#toCurrent, context.signal);
  }

  async running(parent: ParentModel, { signal }: StepContext): Promise<Operation<ModelVersion>[] | null> {
    const operations = await this.#ml.runningOn(parent.name, signal);
    if (operations === null) return null;
    return operations
      .filter(({ metadata }) => metadata?.["operationType"] === "CREATE_VERSION")
      .map(({ name }) =>
        versionCreation(this.#ml, name, `Creating a version of the model ${parent.name}`, this.#toCurrent),
      );
  }

  attach(operationName: string): Operation<ModelVersion> {
    return versionCreation(this.#ml, operationName, "Creating a model version", this.#toCurrent);
  }

  async get(name: string, { signal }: StepContext): Promise<ModelVersion | null> {
    const [model = "", versionId] = name.split("@");
    const found =
      versionId === undefined
        ? (await this.#ml.model(model, signal))?.defaultVersion
        : await this.#ml.version(versionResourceName(model, versionId), signal);
    return found ? toVersion(found, this.#ml.names) : null;
  }

  /**
   * `versions.patch` changes description and scaling only, so that other labels than those that are there are refused.
   *
   * @throws DeploymentError `INVALID_PARAMETER_VALUE`.
   */
  async setLabels(
    { model, versionId }: VersionName,
    labels: Record<string, string>,
    context: StepContext,
  ): Promise<ModelVersion> {
    const version = await this.get(`${model}@${versionId}`, context);
    if (!version)
      throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no model version ${model}/${versionId}.`);
    if (canonicalJson(version.labels) === canonicalJson(labels)) return version;
    throw new OperationFailedError(
      "INVALID_PARAMETER_VALUE",
      `The legacy platform cannot change the labels of the version ${versionId}. Leave labels as they were, or deploy with another versionName.`,
    );
  }

  /** The default version can only be the last to go: the platform says so where there are others. */
  async delete({ model, versionId }: VersionName, { signal }: StepContext): Promise<boolean> {
    const removed = await removeVersion(this.#ml, versionResourceName(model, versionId), signal);
    if (removed) await deleteEmptyModel(this.#ml, model, signal);
    return removed;
  }

  /** Empty: a version of this platform serves, so that none is left over from what served. */
  list(): Promise<ListedVersion[]> {
    return Promise.resolve([]);
  }

  /** The answer is of the moment when it was made, and does not know yet that it is the default. */
  readonly #toCurrent = async (made: Version, signal: AbortSignal | undefined): Promise<ModelVersion> => {
    const current = made.name ? await this.#ml.version(this.#ml.names.own(made.name), signal) : null;
    return toVersion(current ?? made, this.#ml.names);
  };
}

function nameTaken(parent: ParentModel, wanted: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_ALREADY_EXISTS",
    `The model ${parent.name} has a version ${wanted}, which was made of something else. Choose another versionName, or delete that version.`,
  );
}
