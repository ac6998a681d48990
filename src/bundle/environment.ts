import { canonicalJson, manifestHash, sha256 } from "../core/hash.js";
import type { BundleRequest } from "../core/bundle.js";
import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import { type BundleFile, fileMode, type TextFile } from "./archive.js";
import { baseImage, dockerWord, pythonMinor } from "./base-image.js";
import { type ModelRequirements, modelRequirements } from "./model-requirements.js";
import { moduleNameWarnings } from "./module-names.js";
import { checkClass, readOwnSource, readSource, renderPython } from "./python-source.js";
import { render, type Template, type View } from "./render.js";
import { withServableMlflow } from "./mlflow-pin.js";
import { runtimeRequirements } from "./runtime-requirements.js";
import { readServingRuntime, readTemplate } from "./templates.js";

/** What a serving image is made of. */
export interface Environment {
  /** All files that the Dockerfile copies but `setup.py`, and the Dockerfile. */
  files: BundleFile[];
  /** Not rendered yet, because the version may depend on `hash`. */
  setup: Template;
  /** What the predictor and the serving runtime need, as the metadata of a package has it. */
  requirements: string[];
  /** Hex. */
  hash: string;
  /** What the user should know. */
  warnings: string[];
}

/**
 * Puts the files of the serving image together.
 *
 * Its hash covers the model's Python version, the base image, and each file's path, mode and content; `setup.py` enters as the
 * template it is, so that a new version name is no new image. Nothing of the model itself is in it but the wheels that its
 * requirements name, and the URI in a legacy platform's predictor; no image is made there.
 *
 * @param view - The variables of the predictor template.
 */
export async function environment(request: BundleRequest, view: View, context: StepContext): Promise<Environment> {
  const { model } = request;
  const { metadata } = model;
  const { own, warnings } = withServableMlflow(await modelRequirements(model, context));
  if (own.wheels.length > 0 && request.modelArtifactUri !== null) warnings.push(wheelsOnLegacy);
  const image = baseImage(request.baseImage, metadata.pythonVersion, own.needsTools);
  const added = runtimeRequirements(own, metadata.mlflowVersion);
  const preprocessor = await readPreprocessor(request.preprocessor, view);
  const modules = ["predictor", "serving_runtime", ...(preprocessor === null ? [] : ["preprocessor"])];
  warnings.push(...moduleNameWarnings(model, modules));
  const setup = await readSource("setupFile", request.setupFile);
  if (preprocessor !== null && request.setupFile !== null) checkPacks(setup);
  const files: BundleFile[] = [
    { path: "Dockerfile", content: await dockerfile(image, request, own) },
    { path: "pyproject.toml", content: (await readTemplate("pyproject.toml")).text },
    { path: "predictor.py", content: await readPredictor(request, view) },
    ...(preprocessor === null ? [] : [{ path: "preprocessor.py", content: preprocessor }]),
    { path: "requirements.txt", content: lines(own.lines) },
    { path: "runtime-requirements.txt", content: lines(added) },
    ...(own.constraints === null
      ? []
      : [{ path: "constraints.txt", content: lines(own.constraints.map(({ line }) => line)) }]),
    ...own.wheels,
    ...(await readServingRuntime()),
  ];
  const manifest = [...files, { path: "setup.py", content: setup.text }].map((file) => ({
    path: file.path,
    mode: fileMode,
    sha256: "content" in file ? sha256(file.content) : file.sha256,
  }));
  return {
    files,
    setup,
    requirements: [...own.packages.map(({ specifier }) => specifier), ...added],
    hash: sha256(canonicalJson([pythonMinor(metadata.pythonVersion), image, manifestHash(manifest)])),
    warnings,
  };
}

const wheelsOnLegacy =
  "The legacy platform has no image, and cannot take the model's wheels: it installs the same versions from PyPI.";

async function dockerfile(image: string, request: BundleRequest, own: ModelRequirements): Promise<string> {
  const view = {
    baseImage: image,
    defaultPython: request.baseImage === null && request.model.metadata.pythonVersion === null,
    constrained: own.constraints !== null,
    wheels: own.wheels.length > 0,
    preprocessor: request.preprocessor !== null,
  };
  return render(await readTemplate("Dockerfile.mustache"), view, dockerWord);
}

async function readPredictor({ predictionScript, preprocessor }: BundleRequest, view: View): Promise<string> {
  const source = await readSource("predictionScript", predictionScript);
  const code = renderPython(source, view);
  checkClass("Predictor", source.name, code);
  if (preprocessor === null || importsPreprocessor.test(code)) return code;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${source.name} does not import the preprocessor, which would be left out. Write "from preprocessor import Preprocessor" in it and call it there, or leave the setting preprocessor out.`,
  );
}

const importsPreprocessor = /^[ \t]*(?:from[ \t]+preprocessor\b|import\b[^#\n]*\bpreprocessor\b)|\bimport_module\(/m;

async function readPreprocessor(path: string | null, view: View): Promise<string | null> {
  if (path === null) return null;
  const source = await readOwnSource("preprocessor", path);
  const code = renderPython(source, view);
  checkClass("Preprocessor", source.name, code);
  return code;
}

/** A `setup.py` of the user's own has to name the module. */
function checkPacks({ name, text }: Template): void {
  if (/\bpreprocessor\b/.test(text)) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${name} does not name the module preprocessor, which would not be installed. Add it: py_modules=["predictor", "preprocessor"].`,
  );
}

function lines(content: readonly string[]): TextFile["content"] {
  return content.map((line) => `${line}\n`).join("");
}
