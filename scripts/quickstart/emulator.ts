import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { startEmulator } from "mlflow-deployments/emulator";

/** The Google Cloud project that exists in the emulator alone, by the variables that name its parts. */
export const demoCloud = {
  GOOGLE_CLOUD_PROJECT: "quickstart-project",
  GOOGLE_CLOUD_LOCATION: "europe-west1",
  production_bucket: "quickstart-models",
};

export interface DemoEmulatorOptions {
  /** The interpreter that deployed models run on, where it has what they require. */
  python: string;
  dataDir: string;
  logFile: string;
}

export interface DemoEmulator {
  /** What `AIPLATFORM_EMULATOR_HOST` is set to. */
  host: string;
  url: string;
  stop(): Promise<void>;
}

/** Starts the emulator with the bucket that the example uploads to. */
export async function startDemoEmulator({
  python,
  dataDir,
  logFile,
}: DemoEmulatorOptions): Promise<DemoEmulator> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile);
  const { host, url, stop } = await startEmulator({
    dataDir,
    python,
    onLog: (line: string) => log.write(`${line}\n`),
  });
  await createBucket(url, demoCloud.production_bucket, demoCloud.GOOGLE_CLOUD_LOCATION);
  return {
    host,
    url,
    stop: async () => {
      await stop();
      log.end();
    },
  };
}

/** As `gcloud storage buckets create` does; it is there already when an earlier run made it. */
async function createBucket(url: string, name: string, location: string): Promise<void> {
  const answer = await fetch(`${url}/storage/v1/b?project=${demoCloud.GOOGLE_CLOUD_PROJECT}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name, location }),
  });
  if (!answer.ok && answer.status !== 409)
    throw new Error(`The bucket ${name} could not be made: ${await answer.text()}`);
}
