import { readFile } from "node:fs/promises";

import { DeploymentError } from "../core/errors.js";
import type { LocalModelFile, ModelMetadata } from "../core/model.js";
import type { Artifact } from "./artifact.js";
import type { Download } from "./download.js";
import { checkFlavors, mlmodelFile, readMlmodel } from "./mlmodel.js";
import { type EnvironmentFiles, readPythonVersion } from "./requirements.js";

const descriptionFiles: readonly string[] = [mlmodelFile, "requirements.txt", "conda.yaml", "python_env.yaml"];
/** Bytes of a file that describes a model. */
const largestDescription = 4 * 1024 * 1024;

/** What a model's own description says, and the files that it is in. */
export interface ModelDescription {
  metadata: ModelMetadata;
  texts: EnvironmentFiles;
  files: LocalModelFile[];
}

/** Whether a file is one of those that describe a model. They are read before the others are downloaded, so that a wrong model fails at once. */
export function isDescription({ path }: Artifact): boolean {
  return descriptionFiles.includes(path);
}

/**
 * Downloads and reads the files that describe a model.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a file that is none of MLflow's, or a flavor that the model lacks.
 */
export async function describeModel(
  artifacts: readonly Artifact[],
  flavor: string | undefined,
  download: Download,
): Promise<ModelDescription> {
  const files = await download.fetch(artifacts.filter(isDescription).map(checkSize));
  const texts = await readTexts(files.map(checkSize));
  const metadata = completeMetadata(readMlmodel(texts[mlmodelFile] ?? ""), texts, artifacts);
  checkFlavors(metadata, flavor);
  return { metadata, texts, files };
}

function checkSize<T extends { path: string; size: number }>(file: T): T {
  if (file.size <= largestDescription) return file;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The model's ${file.path} has ${file.size} bytes; more than ${largestDescription} are not read.`,
  );
}

async function readTexts(files: readonly LocalModelFile[]): Promise<EnvironmentFiles & { [mlmodelFile]?: string }> {
  const texts = await Promise.all(files.map(async (file) => [file.path, await readText(file)] as const));
  return Object.fromEntries(texts);
}

async function readText({ path, localPath }: LocalModelFile): Promise<string> {
  const bytes = await readFile(localPath);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `The model's ${path} is not UTF-8 text. Log the model again.`);
  }
}

/** `metadata` with what other files than MLmodel know, and without an input example that is not there. */
function completeMetadata(
  metadata: ModelMetadata,
  files: EnvironmentFiles,
  artifacts: readonly Artifact[],
): ModelMetadata {
  const hasExample = artifacts.some(({ path }) => path === metadata.inputExample);
  return {
    ...metadata,
    pythonVersion: metadata.pythonVersion ?? readPythonVersion(files),
    inputExample: hasExample ? metadata.inputExample : null,
  };
}
