import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { localFiles } from "../../../core/model-files.js";
import type { ResolvedModel } from "../../../core/model.js";
import type { StepContext } from "../../../core/progress.js";
import { installBundle } from "../../../runtime/bundle-install.js";
import { placeModel } from "../../prepare-model.js";
import type { DeploymentDirectory } from "../state/deployment-directory.js";

/** An sdist, and what it takes to install it. */
export interface BundleSource {
  archive: string;
  /** The folder that it unpacks into. */
  root: string;
  /** The Python that the model was logged with; null where it does not say. */
  pythonVersion: string | null;
}

/** An installed bundle, which is the source of another installation too. */
interface InstalledBundle extends BundleSource {
  /** The interpreter that it was installed for. */
  python: string;
  /** Where its modules are. */
  modules: string;
}

const archiveName = "bundle.tar.gz";
const descriptionName = "installed.json";

/** Puts a model's files into the deployment's directory, unless they are there. */
export async function installModel(
  model: ResolvedModel,
  name: string,
  directory: DeploymentDirectory,
  workDirectory: string,
  context: StepContext,
): Promise<void> {
  const target = join(directory.models, name);
  if (existsSync(target)) return;
  const files = await localFiles(model, model.files, context);
  // what was downloaded for this call changes no more; what is elsewhere may
  const isOurs = files.every(({ localPath }) => localPath.startsWith(workDirectory));
  await inOneStep(target, (draft) => placeModel({ ...model, files }, draft, isOurs ? "link" : "copy", context));
}

/** Installs a bundle into the deployment's directory, unless it is there and its interpreter still is. */
export async function ensureBundle(
  name: string,
  source: BundleSource,
  python: string | null,
  directory: DeploymentDirectory,
  { report, signal }: StepContext,
): Promise<InstalledBundle> {
  const there = await readBundle(name, directory);
  if (there && existsSync(there.python)) return there;
  await inOneStep(join(directory.bundles, name), async (draft) => {
    const scratch = join(draft, "install");
    await mkdir(scratch, { recursive: true });
    const interpreter = await installBundle({
      archive: source.archive,
      root: source.root,
      pythonVersion: source.pythonVersion,
      python: python ?? undefined,
      modules: join(draft, "modules"),
      scratch,
      onLine: (line) => report({ type: "log", step: "deploy", line }),
      onWarning: (message) => report({ type: "warning", message }),
      signal,
    });
    await rm(scratch, { recursive: true, force: true });
    await copyFile(source.archive, join(draft, archiveName));
    const { root, pythonVersion } = source;
    await writeFile(join(draft, descriptionName), JSON.stringify({ python: interpreter.path, root, pythonVersion }));
  });
  return (await readBundle(name, directory))!;
}

/** An installed bundle; null when there is none of that name. */
export async function readBundle(name: string, directory: DeploymentDirectory): Promise<InstalledBundle | null> {
  const path = join(directory.bundles, name);
  const text = await readFile(join(path, descriptionName), "utf8").catch(() => null);
  if (text === null) return null;
  const description = JSON.parse(text) as Pick<InstalledBundle, "python" | "root" | "pythonVersion">;
  return { ...description, modules: join(path, "modules"), archive: join(path, archiveName) };
}

/** Makes a directory that is there whole or not at all; one that was there is replaced. */
async function inOneStep(target: string, fill: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${target}.${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(draft, { mode: 0o700 });
    await fill(draft);
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}
