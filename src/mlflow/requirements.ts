import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import { parseYaml, scalarText } from "./mlmodel.js";
import { maskCredentials } from "./printable-uri.js";

/** The texts of the files that describe a model's environment; undefined for those that it lacks. */
export interface EnvironmentFiles {
  "requirements.txt"?: string | undefined;
  "conda.yaml"?: string | undefined;
  "python_env.yaml"?: string | undefined;
}

/** The Python version that `python_env.yaml`, else `conda.yaml`, says; null when neither does. */
export function readPythonVersion(files: EnvironmentFiles): string | null {
  const virtualenv = files["python_env.yaml"];
  const version = virtualenv === undefined ? null : scalarText(parseYaml(virtualenv, "python_env.yaml"), ["python"]);
  if (version !== null) return version;
  const pinned = condaDependencies(files["conda.yaml"]).packages.find((dependency) => /^python\s*=/.test(dependency));
  return /=\s*(\d+\.\d+[\w.]*)/.exec(pinned ?? "")?.[1] ?? null;
}

/**
 * What pip is to install for a model: its `requirements.txt`, else the pip part of its `conda.yaml`, else the MLflow that it was
 * logged with, which a warning tells.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when a line has credentials in a URL.
 */
export function readRequirements(files: EnvironmentFiles, mlflowVersion: string | null, context: StepContext): string {
  const text = files["requirements.txt"];
  if (text !== undefined) return withoutSecrets(text, "requirements.txt");

  const { pip, packages } = condaDependencies(files["conda.yaml"]);
  const condaOnly = packages.filter((dependency) => !/^(python|pip)\b/.test(dependency));
  if (condaOnly.length > 0) {
    const message = `The model has no requirements.txt, and these packages of its conda.yaml are not installed by pip: ${condaOnly.join(", ")}.`;
    context.report({ type: "warning", message });
  }
  if (pip.length > 0) return withoutSecrets(`${pip.join("\n")}\n`, "conda.yaml");

  const fallback = mlflowVersion === null ? "mlflow" : `mlflow==${mlflowVersion}`;
  const message =
    `The model does not say what it needs; only ${fallback} will be installed, and it may fail to load. ` +
    "Add a requirements.txt to it (mlflow.models.update_model_requirements).";
  context.report({ type: "warning", message });
  return `${fallback}\n`;
}

/** Requirements end up in images and buckets, which more people can read than may know a password. */
function withoutSecrets(text: string, file: string): string {
  let joined = "";
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    joined += line;
    // pip joins a line that ends with a backslash to the next, so a URL can be in two
    if (joined.endsWith("\\")) {
      joined = joined.slice(0, -1);
      continue;
    }
    // the user of an ssh URL is no secret
    const urls = joined.replaceAll(/ssh:\/\/[^\s/:@]+@/gi, "ssh://");
    if (maskCredentials(urls) !== urls) {
      throw new DeploymentError(
        "INVALID_PARAMETER_VALUE",
        `Line ${index + 1} of the model's ${file} has credentials in a URL: ${maskCredentials(joined).trim()}. Log the model without ` +
          "them, and give the build access to the package index instead.",
      );
    }
    joined = "";
  }
  return text;
}

/** The dependencies of a `conda.yaml`: those for pip, and the packages of conda itself. */
function condaDependencies(text: string | undefined): { pip: string[]; packages: string[] } {
  const value: unknown = text === undefined ? undefined : parseYaml(text, "conda.yaml").toJS();
  const listed = typeof value === "object" && value !== null && "dependencies" in value ? value.dependencies : [];
  const dependencies: unknown[] = Array.isArray(listed) ? listed : [];
  const pip = dependencies.flatMap((dependency) =>
    typeof dependency === "object" && dependency !== null && "pip" in dependency && Array.isArray(dependency.pip)
      ? dependency.pip
      : [],
  );
  return { pip: pip.filter(isText), packages: dependencies.filter(isText) };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}
