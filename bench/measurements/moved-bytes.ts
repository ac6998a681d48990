import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openLink } from "../link.js";
import type { Measurement, Numbers } from "../measurement.js";
import { runForJson } from "../program.js";
import { trainSmallModel } from "../small-model.js";
import { objectsBelow, startStores } from "../stores.js";
import { large, writeLargeFile } from "./staging.js";

/** Whole ones, so that what describes the model and the requests themselves do not count. */
const wholeMegabytes = (bytes: number) => Math.max(0, Math.floor(bytes / 1_000_000));

/** Which bytes of a model with a large file go through this machine, and how often. */
export const movedBytes: Measurement = {
  name: "bytes",
  rounds: 1,
  async setUp(surroundings) {
    const { directory, megabytes, signal, afterwards, say } = surroundings;
    const small = await trainSmallModel(surroundings);
    const stores = await startStores(surroundings);
    const mlflow = await openLink(new URL(stores.trackingUri).host, null);
    const storage = await openLink(stores.bucket.host, null);
    afterwards(() => Promise.all([mlflow.close(), storage.close()]));
    say("writing the model");
    const [first, model] = [join(stores.artifacts, "first"), join(stores.artifacts, "model")];
    for (const copy of [first, model]) await cp(small.directory, copy, { recursive: true });
    await writeLargeFile(join(model, large), megabytes);
    const scratch = join(directory, "scratch");
    await mkdir(scratch);
    const bytes = megabytes * 1_000_000;

    /** What went over both links and was read in this process while a model was deployed. */
    const stage = async (modelUri: string, prefix: string) => {
      const before = { down: mlflow.received, storage: storage.sent + storage.received };
      const task = {
        ...stores.bucket,
        host: storage.host,
        trackingUri: `http://${mlflow.host}`,
        first: "mlflow-artifacts:/first",
        modelUri,
        prefix,
        scratch,
      };
      const numbers = await runForJson<Numbers>(process.execPath, "clients/stage.mjs", task, { signal });
      return {
        read: numbers["read"],
        fromMlflow: mlflow.received - before.down,
        overStorage: storage.sent + storage.received - before.storage,
      };
    };

    return {
      ours: async () => {
        const deployed = await stage("mlflow-artifacts:/model", "first-time");
        const again = await stage("mlflow-artifacts:/model", "first-time");
        const copy = Object.keys(await objectsBelow(stores.bucket, "first-time/models/")).find((name) =>
          name.endsWith(`/${large}`),
        );
        if (copy === undefined) throw new Error("The model is not in the bucket.");
        const folder = `first-time/models/${copy.slice(0, -large.length - 1)}`;
        const ofBucket = await stage(`gs://${stores.bucket.bucket}/${folder}`, "from-bucket");
        const ofDirectory = await stage(model, "from-directory");
        return {
          twiceFromServer: wholeMegabytes(deployed.fromMlflow - bytes),
          again: wholeMegabytes(again.fromMlflow),
          ofBucket: wholeMegabytes(ofBucket.overStorage),
          ...(ofDirectory.read !== undefined && { twiceFromDisk: wholeMegabytes(ofDirectory.read - bytes) }),
        };
      },
    };
  },
};
