// Brings a model from an MLflow server into a bucket with this package: a createDeployment whose Vertex AI is a mock, so that
// nothing but the transfer takes time. JSON {trackingUri, first, modelUri, host, project, location, bucket, prefix, scratch} as
// its argument, JSON as its last line. The model `first` goes before, untimed, so that all libraries are loaded.
import { readFile } from "node:fs/promises";
import { getDeployClient } from "mlflow-deployments";
import { mockPlatform } from "mlflow-deployments/testing";

const { trackingUri, first, modelUri, host, project, location, bucket, prefix, scratch } = JSON.parse(process.argv[2]);
const { modelResolver: _resolver, bundleBuilder: _builder, uploader: _uploader, ...mocks } = mockPlatform().services;

async function stage(uri, productionRoute) {
  const config = { projectId: project, location, trackingUri, emulatorHost: host, productionRoute, tmpDir: scratch };
  const client = getDeployClient("aiplatform", { services: mocks, config: { ...config, productionBucket: bucket } });
  await client.createDeployment({ name: productionRoute, modelUri: uri });
}

/** Bytes that this process has read, from files and connections alike. Undefined where the system does not tell. */
async function bytesRead() {
  const text = await readFile("/proc/self/io", "utf8").catch(() => "");
  const [, bytes] = /^rchar: (\d+)$/m.exec(text) ?? [];
  return bytes === undefined ? undefined : Number(bytes);
}

await stage(first, `first-${prefix}`);
const before = await bytesRead();
const started = performance.now();
await stage(modelUri, prefix);
const time = performance.now() - started;
const after = await bytesRead();
const read = before === undefined ? undefined : after - before;
// Linux counts in kilobytes, as Node.js does everywhere
console.log(JSON.stringify({ time, read, memory: (process.resourceUsage().maxRSS * 1024) / 1e6 }));
