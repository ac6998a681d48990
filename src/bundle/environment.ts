import { canonicalJson, manifestHash, sha256 } from "../core/hash.js";
import type { BundleRequest } from "../core/bundle.js";
import { DeploymentError } from "../core/errors.js";
import type { ResolvedModel } from "../core/model.js";
import { type BundleFile, fileMode } from "./archive.js";
import { baseImage, dockerWord, pythonMinor } from "./base-image.js";
import { checkPredictor, readSource, renderPython } from "./python-source.js";
import { render, type Template, type View } from "./render.js";
import { parseRequirements, type RequirementsFile } from "./requirements.js";
import { runtimeRequirements } from "./runtime-requirements.js";
import { readServingRuntime, readTemplate, readText } from "./templates.js";

/** What a serving image is made of. */
export interface Environment {
  /** All files that the Dockerfile copies but `setup.py`, and the Dockerfile. */
  files: BundleFile[];
  /** Not rendered yet, because the version may depend on `hash`. */
  setup: Template;
  /** What the predictor and the serving runtime need, a line each. */
  requirements: string[];
  /** Hex. */
  hash: string;
}

/**
 * Puts the files of the serving image together.
 *
 * Its hash covers the model's Python version, the base image, and each file's path, mode and content; `setup.py` enters as the
 * template it is, so that a new version name is no new image. Nothing of the model itself is in it, but for the URI in a legacy
 * platform's predictor; no image is made there.
 *
 * @param view - The variables of the predictor template.
 */
export async function environment(request: BundleRequest, view: View): Promise<Environment> {
  const { model } = request;
  const { metadata } = model;
  const image = baseImage(request.baseImage, metadata.pythonVersion);
  const own = parseRequirements(model.requirements, "The model's requirements.txt");
  const added = runtimeRequirements(own.packages, metadata.mlflowVersion);
  const dockerfile = render(
    await readTemplate("Dockerfile.mustache"),
    {
      baseImage: image,
      defaultPython: request.baseImage === null && metadata.pythonVersion === null,
      constrained: own.constrained,
    },
    dockerWord,
  );
  const files = [
    { path: "Dockerfile", content: dockerfile },
    { path: "pyproject.toml", content: (await readTemplate("pyproject.toml")).text },
    { path: "predictor.py", content: await predictor(request.predictionScript, view) },
    { path: "requirements.txt", content: lines(own.lines) },
    { path: "runtime-requirements.txt", content: lines(added) },
    ...(await constraints(own, model)),
    ...(await readServingRuntime()),
  ];
  const setup = await readSource("setupFile", request.setupFile);
  const manifest = [...files, { path: "setup.py", content: setup.text }].map(({ path, content }) => ({
    path,
    mode: fileMode,
    sha256: sha256(content),
  }));
  return {
    files,
    setup,
    requirements: [...own.packages.map((requirement) => requirement.line), ...added],
    hash: sha256(canonicalJson([pythonMinor(metadata.pythonVersion), image, manifestHash(manifest)])),
  };
}

async function predictor(path: string | null, view: View): Promise<string> {
  const source = await readSource("predictionScript", path);
  const code = renderPython(source, view);
  checkPredictor(source.name, code);
  return code;
}

/** MLflow writes constraints to a file beside the requirements, which name it. */
async function constraints(own: RequirementsFile, model: ResolvedModel): Promise<BundleFile[]> {
  if (!own.constrained) return [];
  const file = model.files.find(({ path }) => path === "constraints.txt");
  if (!file) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      "The model's requirements.txt names constraints.txt, which is not among the model's files. Log the model again.",
    );
  }
  const parsed = parseRequirements(await readText(file.localPath), "The model's constraints.txt");
  return [{ path: "constraints.txt", content: lines(parsed.packages.map((constraint) => constraint.line)) }];
}

function lines(content: readonly string[]): string {
  return content.map((line) => `${line}\n`).join("");
}
