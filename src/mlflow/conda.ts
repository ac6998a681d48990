import { DeploymentError } from "../core/errors.js";
import { broughtAlong, notOnPypi, pipNames } from "./conda-names.js";
import { maskCredentials } from "./printable-uri.js";

/** A package of conda as a `MatchSpec` says it: `channel::name=version=build`. */
interface MatchSpec {
  name: string;
  /** Versions as pip writes them; empty for any. */
  versions: string;
}

/**
 * The requirements for pip that have the meaning of conda's own packages, such as `numpy==1.26.*` for `numpy=1.26`. Python itself,
 * and what an image or a wheel brings along, are left out.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what pip cannot install, and for versions that it cannot express.
 */
export function pipRequirements(packages: readonly string[]): string[] {
  const specs = packages.map(readMatchSpec);
  const impossible = specs.flatMap(({ name }) => {
    const reason = broughtAlong.has(name) ? undefined : notOnPypi(name);
    return reason === undefined ? [] : [`${name} (${reason})`];
  });
  if (impossible.length > 0) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The model has no requirements.txt, and pip cannot install of its conda.yaml: ${impossible.join(", ")}. ` +
        "Add a requirements.txt to the model (log it again with a newer MLflow), and choose a baseImage that has what is no Python package.",
    );
  }
  const needed = specs.filter(({ name }) => !broughtAlong.has(name));
  return needed.map(({ name, versions }) => `${pipNames[name] ?? name}${versions}`);
}

/** The versions of Python that a conda.yaml allows, as pip writes them; undefined when it says nothing of Python. */
export function pythonVersions(packages: readonly string[]): string | undefined {
  const python = packages.find((spec) => /^(?:\S+::)?python(?![\w.-])/i.test(spec.trim()));
  return python === undefined ? undefined : readMatchSpec(python).versions;
}

const longestSpec = 200;

/** "Package match specifications" of conda's documents, but for its brackets. */
const matchSpec =
  /^(?:[\w./-]+::)?(?<name>[\w.-]+?)(?: *(?<exact>==) *(?<exactly>[^ =,|<>!~]+)(?:[ =]+\S+)?| *= *(?<fuzzy>[^ =,|<>!~]+)(?<build>=\S+)?| +(?<version>[\d*][^ =,|<>!~]*)(?: +\S+)?| *(?<clauses>[<>!~][^|[\]]*))?$/;

function readMatchSpec(text: string): MatchSpec {
  const spec = text.trim();
  if (spec.length > longestSpec) throw unreadable(spec);
  const parts = matchSpec.exec(spec)?.groups;
  if (!parts) throw unreadable(spec);
  const { name = "", exactly, fuzzy, build, version, clauses } = parts;
  const lower = name.toLowerCase();
  if (exactly !== undefined) return { name: lower, versions: exact(exactly, spec) };
  if (version !== undefined) return { name: lower, versions: exact(version, spec) };
  // with a build it is one version, as "conda env export" writes it
  if (fuzzy !== undefined) return { name: lower, versions: build ? exact(fuzzy, spec) : startingWith(fuzzy, spec) };
  return {
    name: lower,
    versions:
      clauses === undefined
        ? ""
        : clauses
            .split(",")
            .map((each) => clause(each, spec))
            .join(","),
  };
}

/** `1.26.4`, and also `1.26.*` and `*`, which conda takes for patterns here. */
function exact(version: string, spec: string): string {
  return version.endsWith("*") ? startingWith(version, spec) : `==${checked(version, spec)}`;
}

/** Conda's `=1.26` takes 1.26 and all that begins with it. */
function startingWith(version: string, spec: string): string {
  const start = version.replace(/\.?\*$/, "");
  if (start === "") return "";
  // pip has no pattern below a pre-release
  return /^\d+(\.\d+)*$/.test(start) ? `==${start}.*` : `==${checked(start, spec)}`;
}

function clause(text: string, spec: string): string {
  const [, operator, version = ""] = /^\s*(==|>=|<=|!=|~=|>|<|=)\s*(\S+)\s*$/.exec(text) ?? [];
  if (operator === undefined) throw unreadable(spec);
  if (operator === "=") return startingWith(version, spec);
  const end = version.endsWith(".*") && (operator === "==" || operator === "!=") ? ".*" : "";
  // conda takes >=1.2.* for >=1.2
  return `${operator}${checked(version.replace(/\.\*$/, ""), spec)}${end}`;
}

/** A version that pip can read (PEP 440). */
function checked(version: string, spec: string): string {
  if (/^\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?$/.test(version)) return version;
  throw unreadable(spec);
}

/** Without its channel, whose URL can hold a token. */
export function withoutChannel(spec: string): string {
  return spec.replace(/^.*::/s, "");
}

function unreadable(spec: string): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The model has no requirements.txt, and its conda.yaml says ${JSON.stringify(maskCredentials(withoutChannel(spec).slice(0, 100)))}, which cannot be written for pip. Add a requirements.txt to the model (log it again with a newer MLflow).`,
  );
}
