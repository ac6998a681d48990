import type { BatchJob } from "../core/batch.js";
import type { Bundle } from "../core/bundle.js";
import type { ResolvedModel } from "../core/model.js";
import type {
  BatchService,
  BundleBuilder,
  DeploymentServices,
  DeploymentStore,
  EndpointManager,
  ImageBuilder,
  LogReader,
  ModelManager,
  ModelResolver,
  PredictionService,
  Uploader,
  VersionManager,
} from "../core/services.js";
import { MockBatch } from "./mock-batch.js";
import { MockBucket } from "./mock-bucket.js";
import { MockClock } from "./mock-clock.js";
import { MockEndpoints } from "./mock-endpoints.js";
import { MockImages } from "./mock-images.js";
import { mockModel } from "./mock-model.js";
import { MockOperations } from "./mock-operation.js";
import { MockModelRegistry } from "./mock-registry.js";
import { MockDeploymentStore } from "./mock-store.js";
import { Recorder } from "./recorder.js";

/** What {@link mockPlatform} can be told. */
export interface MockOptions {
  /** The model that every URI resolves to. Default: {@link mockModel}. */
  model?: (uri: string) => ResolvedModel;
  /** What the served model answers. Default: a 0 for each instance. */
  predict?: (instances: readonly unknown[], parameters: Record<string, unknown> | undefined) => unknown[];
  /** What differs in a batch prediction once it is over. Default: it has succeeded, and nothing is known of its rows. */
  batch?: (job: BatchJob) => Partial<BatchJob>;
  /** What a container wrote, for the log of a failure. Default: nothing. */
  containerLog?: string[];
}

/** A platform in memory: every service of a target, recording its calls, and what they have made. */
export interface MockServices extends DeploymentServices {
  clock: MockClock;
  batchService: BatchService;
}

/** The services to give to `getDeployClient`, and beside them what a test asks and steers. */
export interface MockPlatform {
  services: MockServices;
  /** The calls so far, and failures to come. */
  recorder: Recorder;
  registry: MockModelRegistry;
  endpoints: MockEndpoints;
  store: MockDeploymentStore;
  bucket: MockBucket;
  batch: MockBatch;
  images: MockImages;
}

/**
 * A platform in memory, for tests of scripts that deploy: nothing is sent anywhere, everything is recorded.
 *
 * ```ts
 * const { services, recorder } = mockPlatform();
 * const client = getDeployClient("aiplatform", { services, config: { projectId: "acme", productionBucket: "acme-models" } });
 * await myScript(client);
 * expect(recorder.callsOf("endpointManager", "deploy")).toHaveLength(1);
 * ```
 */
export function mockPlatform(options: MockOptions = {}): MockPlatform {
  const recorder = new Recorder();
  const operations = new MockOperations();
  const clock = new MockClock();
  const registry = new MockModelRegistry(operations, clock);
  const endpoints = new MockEndpoints(operations);
  const store = new MockDeploymentStore();
  const bucket = new MockBucket(clock);
  const batch = new MockBatch(clock, options.batch);
  const images = new MockImages(clock);
  const services: MockServices = {
    clock,
    modelResolver: recorder.record("modelResolver", {
      resolve: async ({ modelUri }) => (options.model ?? mockModel)(modelUri),
      describe: async ({ modelUri }) => {
        const { source, metadata } = (options.model ?? mockModel)(modelUri);
        return { source, metadata };
      },
    } satisfies ModelResolver),
    bundleBuilder: recorder.record("bundleBuilder", {
      build: async ({ model }) => mockBundle(model),
    } satisfies BundleBuilder),
    uploader: recorder.record<Uploader>("uploader", bucket),
    imageBuilder: recorder.record<ImageBuilder>("imageBuilder", images),
    modelManager: recorder.record<ModelManager>("modelManager", registry),
    versionManager: recorder.record<VersionManager>("versionManager", registry),
    endpointManager: recorder.record<EndpointManager>("endpointManager", endpoints),
    predictionService: recorder.record("predictionService", {
      predict: async ({ endpoint, instances, parameters }) => {
        const deployed = [...endpoints.endpoints.values()].find(({ name }) => name === endpoint.name)
          ?.deployedModels[0];
        return {
          predictions: (options.predict ?? ((rows) => rows.map(() => 0)))(instances, parameters),
          deployedModelId: deployed?.id ?? null,
          model: deployed?.model ?? null,
          modelVersionId: deployed?.modelVersionId ?? null,
          modelDisplayName: deployed?.displayName ?? null,
          metadata: null,
        };
      },
      async *stream({ instances, parameters }) {
        yield* (options.predict ?? ((rows) => rows.map(() => 0)))(instances, parameters);
      },
      explain: async ({ instances, parameters }) => ({
        explanations: instances.map(() => ({ attributions: [] })),
        predictions: (options.predict ?? ((rows) => rows.map(() => 0)))(instances, parameters),
        deployedModelId: null,
      }),
    } satisfies PredictionService),
    batchService: recorder.record<BatchService>("batchService", batch),
    deploymentStore: recorder.record<DeploymentStore>("deploymentStore", store),
    logReader: recorder.record("logReader", {
      containerLog: async () => options.containerLog ?? [],
      jobLog: async () => options.containerLog ?? [],
      buildLog: async () => [],
    } satisfies LogReader),
  };
  return { services, recorder, registry, endpoints, store, bucket, batch, images };
}

function mockBundle(model: ResolvedModel): Bundle {
  return {
    fileName: "deploy_from_script-1.tar.gz",
    localPath: "/nowhere/deploy_from_script-1.tar.gz",
    size: 1,
    crc32c: "AAAAAA==",
    version: "1",
    directory: "deploy_from_script-1",
    environmentHash: Buffer.from(model.requirements).toString("hex").padEnd(64, "0").slice(0, 64),
  };
}
