import { DeploymentError } from "../core/errors.js";

/** A line of a requirements file that names a package ("Dependency specifiers" of the Python Packaging User Guide). */
export interface Requirement {
  /** Normalized as on PyPI: `Google.Cloud_Storage` is `google-cloud-storage`. */
  name: string;
  line: string;
  /** False when an environment marker may leave it out. */
  always: boolean;
}

/** A requirements file that pip reads as it is written, and in one way only. */
export interface RequirementsFile {
  /** Without comments and blank lines. */
  lines: string[];
  packages: Requirement[];
  /** Whether it names `constraints.txt`, the file beside it that MLflow writes. */
  constrained: boolean;
}

const specifier =
  /^(?<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?) ?(?:\[[A-Za-z0-9._, -]*\])? ?(?:@ ?(?:git\+)?(?:https?|ssh):\/\/\S+|\((?<grouped>[^@;()]+)\)|(?<versions>[^@;()]*)) ?(?<marker>;.+)?$/;
const clause = /^ ?(?:===|[~=!<>]=|[<>]) ?[A-Za-z0-9.*+!_-]+ ?$/;
/** What pip takes for a file beside it. */
const archiveName = /\.(?:whl|zip|tar(?:\.\w+)?|t[bglx]z)$/i;

/** Options that say where packages come from, and nothing of this machine. */
const allowedOptions = [
  /^(?:-i|--index-url|--extra-index-url|-f|--find-links)[ =] ?https?:\/\/\S+$/,
  /^--trusted-host[ =] ?\S+$/,
  /^--(?:only-binary|no-binary)[ =] ?[\w.,:-]+$/,
  /^--(?:pre|prefer-binary)$/,
];
const constraintsOption = /^(?:-c|--constraint)[ =] ?constraints\.txt$/;

const longestLine = 2000;

/**
 * Reads a requirements file strictly. It comes with a model, and what it says is run by pip: nothing may be in it that pip and
 * this function could understand differently, that needs a file of another machine, or that holds a credential.
 *
 * @param origin - What messages call it.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` with the line's number; never with a credential or a query.
 */
export function parseRequirements(text: string, origin: string): RequirementsFile {
  const file: RequirementsFile = { lines: [], packages: [], constrained: false };
  for (const [index, raw] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    // as pip does it: a # within a URL begins no comment
    const line = raw
      .replaceAll(/[ \t]+/g, " ")
      .replace(/(^|\s)#.*$/s, "")
      .trim();
    if (line === "") continue;
    const refuse = (problem: string): never => {
      throw new DeploymentError("INVALID_PARAMETER_VALUE", `${origin}, line ${index + 1}: ${problem}.`);
    };
    checkText(line, refuse);
    if (constraintsOption.test(line)) file.constrained = true;
    else if (line.startsWith("-")) checkOption(line, refuse);
    else file.packages.push(parseRequirement(line, refuse));
    file.lines.push(constraintsOption.test(line) ? "-c constraints.txt" : line);
  }
  return file;
}

type Refuse = (problem: string) => never;

function checkText(line: string, refuse: Refuse): void {
  if (line.length > longestLine) refuse(`it has more than ${longestLine} characters`);
  if (!/^[ -~]+$/.test(line)) refuse("it has control characters or others than ASCII");
  if (line.endsWith("\\")) refuse("it goes on in the next line (\\); write it as one");
  if (line.includes("${")) refuse("it needs an environment variable, which is not set where the image is built");
  const users = [...line.matchAll(/:\/\/([^/?#\s]*)@/g)];
  if (users.some(([, user]) => user !== "git")) {
    refuse("its URL holds a user name or a password; no bundle may hold one");
  }
  const queried = /(?:https?|ssh):\/\/[^?#\s]*(?=\?)/i.exec(line)?.[0];
  if (queried !== undefined) refuse(`the query of ${queried} can hold a credential; no bundle may hold one`);
}

function checkOption(line: string, refuse: Refuse): void {
  if (allowedOptions.some((option) => option.test(line))) return;
  const option = /^-{1,2}[\w-]*/.exec(line)?.[0] ?? "-";
  refuse(`the option ${option} cannot be used where the image is built; list the packages themselves`);
}

function parseRequirement(line: string, refuse: Refuse): Requirement {
  if (/\s--hash\b/.test(line)) {
    refuse(
      "it has a hash, and pip then wants one of every package, those of the serving runtime too; leave the hashes out",
    );
  }
  const { name, versions, grouped = versions, marker } = specifier.exec(line)?.groups ?? {};
  const legal = !grouped?.trim() || grouped.split(",").every((each) => clause.test(each));
  if (!name || !legal || archiveName.test(name)) {
    return refuse(
      "this is no requirement that can be installed elsewhere; write name==version, or name @ https://… for a file or a repository",
    );
  }
  return { name: normalizedName(name), line, always: marker === undefined };
}

/** "Names and normalization" of the Python Packaging User Guide. */
function normalizedName(name: string): string {
  return name.toLowerCase().replaceAll(/[._-]+/g, "-");
}
