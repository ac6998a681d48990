// Brings a model from an MLflow server into a bucket with this package: a createDeployment whose Vertex AI is a mock, so that
// nothing but the transfer takes time. JSON {trackingUri, modelUri, host, project, location, bucket, prefix, scratch} as its
// argument, JSON as its last line.
import { getDeployClient } from "mlflow-deployments";
import { mockPlatform } from "mlflow-deployments/testing";

const { trackingUri, modelUri, host, project, location, bucket, prefix, scratch } = JSON.parse(process.argv[2]);
const { modelResolver: _resolver, bundleBuilder: _builder, uploader: _uploader, ...mocks } = mockPlatform().services;
const client = getDeployClient("aiplatform", {
  services: mocks,
  config: {
    projectId: project,
    location,
    trackingUri,
    emulatorHost: host,
    productionBucket: bucket,
    productionRoute: prefix,
    tmpDir: scratch,
  },
});
const started = performance.now();
await client.createDeployment({ name: "staged", modelUri });
const time = performance.now() - started;
// Linux counts in kilobytes, as Node.js does everywhere
console.log(JSON.stringify({ time, memory: (process.resourceUsage().maxRSS * 1024) / 1e6 }));
