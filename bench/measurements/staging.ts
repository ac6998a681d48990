import { cp, mkdir, open, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { curlToCurl } from "../curl.js";
import { checkEqual } from "../equal-answers.js";
import type { Contenders, Measurement, Numbers, Surroundings } from "../measurement.js";
import { runForJson } from "../program.js";
import { trainSmallModel } from "../small-model.js";
import { objectsBelow, startStores, type Stores } from "../stores.js";

const fileCount = 5000;
const filesInFolder = 100;
/** The name of the large file. */
export const large = "weights.bin";

/** A model of many small files, from an MLflow server into a bucket. */
export const files: Measurement = {
  name: "files",
  async setUp(surroundings) {
    return stagingOfFiles(fileCount, surroundings);
  },
};

/** A model of so many small files. */
export async function stagingOfFiles(count: number, surroundings: Surroundings): Promise<Contenders> {
  const { contenders, stage } = await staging(surroundings, (model) => writeSmallFiles(model, count));
  return { ...contenders, "undici | undici": () => stage(process.execPath, "clients/copy.mjs", /^/) };
}

/** A model with one large file, over a network. */
export const largeModel: Measurement = {
  name: "large",
  async setUp(surroundings) {
    return stagingOfMegabytes(surroundings.megabytes, surroundings, surroundings.link);
  },
};

/** The same with nothing between the programs of this machine: what the processors can do. */
export const largeModelUnlimited: Measurement = {
  name: "large-unlimited",
  async setUp(surroundings) {
    return stagingOfMegabytes(surroundings.megabytes, surroundings);
  },
};

/** A model with one file of so many megabytes; `link` as of {@link startStores}. */
export async function stagingOfMegabytes(
  megabytes: number,
  surroundings: Surroundings,
  link: number | null = null,
): Promise<Contenders> {
  const { signal } = surroundings;
  const write = (model: string) => writeLargeFile(join(model, large), megabytes);
  const { stores, contenders } = await staging(surroundings, write, link);
  const { host, bucket } = stores.bucket;
  const from = `${stores.trackingUri}/api/2.0/mlflow-artifacts/artifacts/model/${large}`;
  const to = `http://${host}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=`;
  let round = 0;
  const curl = async () => ({ time: await curlToCurl(from, `${to}curl-${(round += 1)}`, signal) });
  return { ...contenders, "curl | curl": curl };
}

/**
 * A round of a program that stages the model.
 *
 * @param folder - Where below its prefix it puts the model, as it begins.
 */
type Stage = (command: string, program: string, folder: RegExp) => Promise<Numbers>;

async function staging(
  surroundings: Surroundings,
  addFiles: (model: string) => Promise<void>,
  link: number | null = null,
): Promise<{ stores: Stores; contenders: Contenders; stage: Stage }> {
  const { python, directory, signal } = surroundings;
  const small = await trainSmallModel(surroundings);
  const stores = await startStores(surroundings, link);
  surroundings.say("writing the model");
  const [first, model] = [join(stores.artifacts, "first"), join(stores.artifacts, "model")];
  for (const copy of [first, model]) await cp(small.directory, copy, { recursive: true });
  await addFiles(model);
  const scratch = join(directory, "scratch");
  await mkdir(scratch);

  let count = 0;
  let staged: Record<string, string> | undefined;
  const stage: Stage = async (command, program, folder) => {
    const prefix = `staged-${(count += 1)}`;
    const { trackingUri, artifacts, bucket } = stores;
    const uris = { first: "mlflow-artifacts:/first", modelUri: "mlflow-artifacts:/model" };
    const task = { ...bucket, ...uris, trackingUri, artifacts, prefix, scratch };
    const numbers = await runForJson<Numbers>(command, program, task, { signal });
    const objects = await objectsBelow(bucket, `${prefix}/`);
    const names = Object.entries(objects).flatMap(([name, crc32c]) =>
      folder.test(name) ? [[name.replace(folder, ""), crc32c] as const] : [],
    );
    const seen = Object.fromEntries(names.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    checkEqual({ "the first": (staged ??= seen), [program]: seen });
    return numbers;
  };
  const contenders = {
    ours: () => stage(process.execPath, "clients/stage.mjs", /^models\/[^/]+\//),
    "Python path": () => stage(python, "peers/stage.py", /^/),
  };
  return { stores, contenders, stage };
}

async function writeSmallFiles(model: string, count: number): Promise<void> {
  for (let file = 0; file < count; file += 1) {
    const folder = join(model, "extra", String(Math.floor(file / filesInFolder)));
    if (file % filesInFolder === 0) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${file}.txt`), `file ${file}\n`);
  }
}

/** Bytes that do not compress, and differ in every megabyte. */
export async function writeLargeFile(path: string, megabytes: number): Promise<void> {
  const file = await open(path, "w");
  for (let written = 0; written < megabytes; written += 1) await file.write(randomBytes(1_000_000));
  await file.close();
}
