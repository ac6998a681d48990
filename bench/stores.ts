import { join } from "node:path";
import { startDemoEmulator, demoCloud } from "../scripts/quickstart/emulator.js";
import { startMlflowServer } from "../scripts/demo/mlflow-server.js";
import { openLink } from "./link.js";
import type { Surroundings } from "./measurement.js";

/** Where models come from and go to. */
export interface Stores {
  trackingUri: string;
  /** What the server gives out as `mlflow-artifacts:/…`. */
  artifacts: string;
  /** The Cloud Storage of the emulator. */
  bucket: { host: string; project: string; location: string; bucket: string };
}

/**
 * Starts an MLflow server that gives out artifacts and an emulator that takes them, both in processes of their own.
 *
 * @param link - Both are reached over a network that carries so many megabytes a second each way; null for none.
 */
export async function startStores(
  { python, directory, signal, afterwards, say }: Surroundings,
  link: number | null = null,
): Promise<Stores> {
  say("starting an MLflow server and an emulator");
  const dataDir = join(directory, "mlflow");
  const mlflow = await startMlflowServer({ python, dataDir, signal });
  afterwards(() => mlflow.stop());
  const logFile = join(directory, "emulator.log");
  const emulator = await startDemoEmulator({ python, dataDir: join(directory, "emulator"), logFile, signal });
  afterwards(() => emulator.stop());
  const reached = async (host: string) => {
    if (link === null) return host;
    const way = await openLink(host, link);
    afterwards(() => way.close());
    return way.host;
  };
  const trackingUri = `http://${await reached(new URL(mlflow.trackingUri).host)}`;
  const bucket = {
    host: await reached(emulator.host),
    project: demoCloud.GOOGLE_CLOUD_PROJECT,
    location: demoCloud.GOOGLE_CLOUD_LOCATION,
    bucket: demoCloud.production_bucket,
  };
  return { trackingUri, artifacts: join(dataDir, "artifacts"), bucket };
}

/** The objects below a prefix: their CRC32C by their names after it. */
export async function objectsBelow(
  { host, bucket }: Stores["bucket"],
  prefix: string,
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  let pageToken = "";
  do {
    const query = new URLSearchParams({
      prefix,
      fields: "items(name,crc32c),nextPageToken",
      ...(pageToken && { pageToken }),
    });
    const answer = await fetch(`http://${host}/storage/v1/b/${bucket}/o?${query.toString()}`);
    if (!answer.ok) throw new Error(`Listing ${prefix} failed: ${await answer.text()}`);
    const page = (await answer.json()) as { items?: { name: string; crc32c: string }[]; nextPageToken?: string };
    for (const { name, crc32c } of page.items ?? []) found[name.slice(prefix.length)] = crc32c;
    pageToken = page.nextPageToken ?? "";
  } while (pageToken !== "");
  return found;
}
