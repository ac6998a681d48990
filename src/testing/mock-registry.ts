import type { Clock } from "../core/clock.js";
import { DeploymentError } from "../core/errors.js";
import type { VersionName } from "../core/record.js";
import type {
  ListedVersion,
  ModelManager,
  ModelVersion,
  ParentModel,
  VersionManager,
  VersionRequest,
} from "../core/services.js";
import { MockClock } from "./mock-clock.js";
import type { MockOperations } from "./mock-operation.js";

/** A model registry in memory. */
export class MockModelRegistry implements ModelManager, VersionManager {
  readonly versions: ModelVersion[] = [];
  readonly #operations: MockOperations;
  readonly #clock: Clock;

  constructor(operations: MockOperations, clock: Clock = new MockClock()) {
    this.#operations = operations;
    this.#clock = clock;
  }

  async ensure(modelName: string): Promise<ParentModel> {
    const name = `models/${modelName}`;
    return {
      name,
      id: modelName,
      displayName: modelName,
      exists: this.versions.some((version) => version.model === name),
    };
  }

  async find(parent: ParentModel, { spec }: VersionRequest): Promise<ModelVersion | null> {
    const hash = spec.specHash.slice(0, 40);
    return this.versions.find(({ model, labels }) => model === parent.name && labels["spec-hash"] === hash) ?? null;
  }

  async create(parent: ParentModel, request: VersionRequest) {
    return this.#operations.start<ModelVersion>(parent.name, () => {
      const versionId = String(
        1 + Math.max(0, ...this.#versionsOf(parent.name).map((version) => Number(version.versionId))),
      );
      const aliases = [...(versionId === "1" ? ["default"] : []), ...(request.alias ? [request.alias] : [])];
      const { labels, artifactUri, imageUri, env } = request;
      const made = { model: parent.name, versionId, aliases, labels, artifactUri, imageUri, env };
      const version: ModelVersion = { ...made, createTime: new Date(this.#clock.now()).toISOString() };
      this.versions.push(version);
      return version;
    });
  }

  async running(parent: ParentModel) {
    return this.#operations.running<ModelVersion>(parent.name);
  }

  #versionsOf(model: string): ModelVersion[] {
    return this.versions.filter((version) => version.model === model);
  }

  attach(operationName: string) {
    return this.#operations.attach<ModelVersion>(operationName);
  }

  async get(name: string): Promise<ModelVersion | null> {
    return this.versions.find((version) => `${version.model}@${version.versionId}` === name) ?? null;
  }

  async setLabels({ model, versionId }: VersionName, labels: Record<string, string>): Promise<ModelVersion> {
    const version = await this.get(`${model}@${versionId}`);
    if (!version) throw new DeploymentError("RESOURCE_DOES_NOT_EXIST", `There is no version ${model}@${versionId}.`);
    version.labels = labels;
    return version;
  }

  async delete({ model, versionId }: VersionName): Promise<boolean> {
    const index = this.versions.findIndex((version) => version.model === model && version.versionId === versionId);
    if (index !== -1) this.versions.splice(index, 1);
    return index !== -1;
  }
  /** What is deployed where, the endpoints know. */
  async list(): Promise<ListedVersion[]> {
    return structuredClone(this.versions).map((version) => ({
      ...version,
      ours: version.labels["managed-by"] === "mlflow-deployments",
      deployedOn: [],
    }));
  }
}
