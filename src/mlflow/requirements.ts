import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import { pipRequirements, pythonVersions, withoutChannel } from "./conda.js";
import { parseYaml, scalarText } from "./mlmodel.js";
import { maskCredentials } from "./printable-uri.js";
import { pythonFor } from "./python-range.js";
import { shortList } from "./short-list.js";

/** The texts of the files that describe a model's environment; undefined for those that it lacks. */
export interface EnvironmentFiles {
  "requirements.txt"?: string | undefined;
  "conda.yaml"?: string | undefined;
  "python_env.yaml"?: string | undefined;
}

/** The Python version that `python_env.yaml`, else `conda.yaml`, says, or one that it allows; null when neither does. */
export function readPythonVersion(files: EnvironmentFiles): string | null {
  const virtualenv = files["python_env.yaml"];
  const version = virtualenv === undefined ? null : scalarText(parseYaml(virtualenv, "python_env.yaml"), ["python"]);
  if (version !== null) return version;
  const versions = pythonVersions(condaDependencies(files["conda.yaml"]).packages);
  return versions === undefined ? null : pythonFor(versions);
}

/**
 * What pip is to install for a model: its `requirements.txt`, else what `conda.yaml` says, else the MLflow that it was logged with,
 * which a warning tells.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when a line has credentials or a query in a URL, or more than 2,000 characters,
 * and for packages of conda that pip cannot install.
 */
export function readRequirements(files: EnvironmentFiles, mlflowVersion: string | null, context: StepContext): string {
  const text = files["requirements.txt"];
  if (text !== undefined) {
    warnOfUnlisted(files["conda.yaml"], context);
    return withoutSecrets(text, "requirements.txt");
  }

  const { pip, packages } = condaDependencies(files["conda.yaml"]);
  const fromConda = pipRequirements(packages);
  if (fromConda.length > 0) {
    const message = `The model has no requirements.txt; for packages of its conda.yaml pip installs ${fromConda.join(", ")} from PyPI, which conda built otherwise. Compare its answers.`;
    context.report({ type: "warning", message });
  }
  const listed = [...fromConda, ...pip];
  if (listed.length > 0) return withoutSecrets(`${listed.join("\n")}\n`, "conda.yaml");

  const fallback = mlflowVersion === null ? "mlflow" : `mlflow==${mlflowVersion}`;
  const message =
    `The model does not say what it needs; only ${fallback} will be installed, and it may fail to load. ` +
    "Add a requirements.txt to it (mlflow.models.update_model_requirements).";
  context.report({ type: "warning", message });
  return `${fallback}\n`;
}

/** What conda.yaml has beside requirements.txt is not installed. One that cannot be read says nothing, and is not needed. */
function warnOfUnlisted(conda: string | undefined, context: StepContext): void {
  let packages: string[];
  try {
    ({ packages } = condaDependencies(conda));
  } catch {
    return;
  }
  const unlisted = packages.filter((dependency) => !/^(?:\S+::)?(python|pip)(?![\w.-])/.test(dependency));
  if (unlisted.length === 0) return;
  const message = `These packages of the model's conda.yaml are not in its requirements.txt, and not installed: ${shortList(unlisted.map((spec) => maskCredentials(withoutChannel(spec))))}. If it fails to load without them, choose a baseImage that has them.`;
  context.report({ type: "warning", message });
}

const longestLine = 2000;

/** Requirements end up in images and buckets, which more people can read than may know a password. */
function withoutSecrets(text: string, file: string): string {
  const refuse = (number: number, problem: string): never => {
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `Line ${number} of the model's ${file} has ${problem}`);
  };
  const advice = "Log the model without, and give the build access to the package index instead.";
  const lines = text.split(/\r\n|\r|\n/);
  const tooLong = lines.findIndex((line) => line.length > longestLine);
  if (tooLong !== -1) refuse(tooLong + 1, `more than ${longestLine} characters.`);

  for (const { number, line } of joinedLines(lines)) {
    // the user of an ssh URL is no secret
    const urls = line.replaceAll(/ssh:\/\/[^\s/:@]+@/gi, "ssh://");
    if (maskCredentials(urls) !== urls) {
      const shown = maskCredentials(line).split(/\s+/).map(withoutQuery).join(" ").trim();
      refuse(number, `credentials in a URL: ${shown}. ${advice}`);
    }
    // as pip does it: a # within a URL begins no comment
    const words = line.replace(/(^|\s)#.*$/s, "").split(/\s+/);
    const queried = words.find((word) => withoutQuery(word) !== word);
    if (queried !== undefined) {
      refuse(number, `a query, which can hold a credential, in the URL of: ${withoutQuery(queried)}. ${advice}`);
    }
  }
  return text;
}

/** Lines as pip joins them: a backslash ends all but the last, and a URL can be in two. `number` is that of the last. */
function joinedLines(lines: readonly string[]): { number: number; line: string }[] {
  const joined: { number: number; line: string }[] = [];
  let begun = "";
  for (const [index, line] of lines.entries()) {
    const goesOn = line.endsWith("\\") && index < lines.length - 1;
    begun += goesOn ? line.slice(0, -1) : line;
    if (goesOn) continue;
    joined.push({ number: index + 1, line: begun });
    begun = "";
  }
  return joined;
}

/** `word` up to the query of a URL in it; a `?` in the fragment begins none. */
function withoutQuery(word: string): string {
  const url = word.indexOf("://");
  if (url === -1) return word;
  const fragment = word.indexOf("#", url);
  const query = word.indexOf("?", url);
  return query === -1 || (fragment !== -1 && fragment < query) ? word : word.slice(0, query);
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
