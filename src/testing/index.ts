/**
 * What tests of deployment scripts need: a target in memory, a platform in memory that records what is asked of it, and the
 * suite that every target has to pass.
 *
 * @packageDocumentation
 */
export { describeTarget } from "./conformance/describe-target.js";
export type { TestRunner } from "./conformance/runner.js";
export type { TargetUnderTest } from "./conformance/target-under-test.js";
export type { InMemoryClient } from "./in-memory/client.js";
export type { InMemoryConfig, InMemoryOptions, InMemoryPrediction } from "./in-memory/options.js";
export { inMemoryTarget } from "./in-memory/target.js";
export { MockBatch } from "./mock-batch.js";
export { MockBucket } from "./mock-bucket.js";
export { MockClock } from "./mock-clock.js";
export { MockEndpoints } from "./mock-endpoints.js";
export { MockImages } from "./mock-images.js";
export { mockModel } from "./mock-model.js";
export { MockOperations } from "./mock-operation.js";
export { type MockOptions, type MockPlatform, mockPlatform, type MockServices } from "./mock-services.js";
export { MockModelRegistry } from "./mock-registry.js";
export { MockDeploymentStore } from "./mock-store.js";
export { type RecordedCall, Recorder } from "./recorder.js";
