/**
 * What tests of deployment scripts need: a platform in memory that records what is asked of it.
 *
 * @packageDocumentation
 */
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
