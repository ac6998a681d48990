import { stat } from "node:fs/promises";
import { DeploymentError } from "../core/errors.js";
import { pythonString } from "./python-literal.js";
import { failure, render, type Template, unavailable, type View } from "./render.js";
import { readTemplate, readText } from "./templates.js";

/** The setting that names a file of the user's own. */
export type SourceSetting = "predictionScript" | "preprocessor" | "setupFile";

const builtIn: Readonly<Record<"predictionScript" | "setupFile", string>> = {
  predictionScript: "predictor.py.mustache",
  setupFile: "setup.py.mustache",
};

/** The user's file, or this package's template where there is none; see {@link readOwnSource}. */
export async function readSource(setting: keyof typeof builtIn, path: string | null): Promise<Template> {
  return path === null ? readTemplate(builtIn[setting]) : readOwnSource(setting, path);
}

/**
 * A file of the user's.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when `path` is not a text file that can be read.
 */
export async function readOwnSource(setting: SourceSetting, path: string): Promise<Template> {
  try {
    if (!(await stat(path)).isFile()) throw new Error("it is not a file");
    return { name: path, text: await readText(path) };
  } catch (cause) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `${setting} is ${path}, which cannot be used: ${reason(cause)}.`,
      { cause },
    );
  }
}

/** The article's names of the variables. */
const placeholders: Readonly<Record<string, string>> = {
  MODEL_VERSION: "modelVersion",
  MODEL_ARTIFACT_URI: "modelArtifactUri",
};

/** The article's token as a whole string, `"MODEL_VERSION"`, or the tag `{{modelVersion}}`. */
const placeholder =
  /(?<!\w)(["'])(MODEL_VERSION|MODEL_ARTIFACT_URI)\1|(?<!\{)\{\{(modelVersion|modelArtifactUri)\}\}(?!\})/g;

/**
 * The Python code of a source. Every value becomes a whole string literal, so a template writes no quotes around its tags.
 *
 * - A file named `*.mustache` is a Mustache template over `view`; see {@link render}.
 * - Any other is Python: `"MODEL_VERSION"` and `"MODEL_ARTIFACT_URI"`, as the article's files have them, and the tags
 *   `{{modelVersion}}` and `{{modelArtifactUri}}` are replaced. All else stays as it is, the braces of f-strings too.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` with file and line for what cannot be rendered.
 */
export function renderPython(source: Template, view: View): string {
  if (source.name.endsWith(".mustache")) return render(source, view, pythonString);
  return source.text.replace(placeholder, (_all, _quote, token: string | undefined, tag: string, index: number) => {
    const name = token === undefined ? tag : (placeholders[token] ?? token);
    const value = view[name];
    if (typeof value !== "string") throw failure(source, index, unavailable(name));
    return pythonString(value);
  });
}

const classes = {
  Predictor: "The serving runtime calls Predictor.from_path(model_dir) and predict(instances, **kwargs)",
  Preprocessor:
    "The predictor calls its preprocess(instances) before the model, and its postprocess(predictions) after it",
} as const;

/**
 * Refuses a file without the class that the runtime looks for, before anything is sent.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`.
 */
export function checkClass(className: keyof typeof classes, file: string, code: string): void {
  if (new RegExp(`^[ \\t]*class[ \\t]+${className}\\b`, "m").test(code)) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${file} has no class ${className}. ${classes[className]}; define them in this file.`,
  );
}

function reason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "this user may not read it";
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return "it is not UTF-8 text";
  return cause instanceof Error ? cause.message : String(cause);
}
