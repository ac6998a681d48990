import { normalize } from "node:path/posix";

import { isMarker } from "./marker.js";
import { type SourceLine, sourceLines } from "./requirement-lines.js";
import { wheelOf } from "./wheel-name.js";

/** What names a package ("Dependency specifiers" of the Python Packaging User Guide). */
export interface Requirement {
  /** Normalized as on PyPI: `Google.Cloud_Storage` is `google-cloud-storage`. */
  name: string;
  /** As pip reads it in a requirements file. */
  line: string;
  /** As the metadata of a package has it: where `line` names a wheel by its path, that wheel's name and version. */
  specifier: string;
  /** The versions that it takes, such as `>=1.26,<3`; empty for any, and for a URL. */
  versions: string;
  /** False when an environment marker may leave it out. */
  always: boolean;
  /** The path in the model of the wheel that it names; null where a package index or a URL has the package. */
  wheel: string | null;
}

/** What a line of a requirements file says. */
export type RequirementLine = { source: SourceLine } & (
  | { kind: "package"; requirement: Requirement }
  | { kind: "option"; text: string }
  /** Another file, by its path from this one's directory: one of requirements, or one of constraints. */
  | { kind: "requirements" | "constraints"; path: string }
);

const specifier =
  /^(?<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?) ?(?:\[[A-Za-z0-9._, -]*\])? ?(?:@ ?(?:git\+)?(?:https?|ssh):\/\/\S+|\((?<grouped>[^@;()]+)\)|(?<versions>[^@;()]*)) ?(?<marker>;.+)?$/;
const clause = /^ ?(?:===|[~=!<>]=|[<>]) ?[A-Za-z0-9.*+!_-]+ ?$/;
/** What pip takes for a file beside it. */
const archiveName = /\.(?:whl|zip|tar(?:\.\w+)?|t[bglx]z)$/i;
const wheelPath = /^(?<path>[\w./+!-]+\.whl)(?<extras>\[[A-Za-z0-9._, -]*\])? ?(?<marker>;.+)?$/i;
const repository =
  /^(?:(?:-e|--editable)[ =] ?)?(?<url>git\+(?:https?|ssh):\/\/[^\s#]+)#(?<fragment>\S+?) ?(?<marker>;.+)?$/;
const wheelUrl = /^(?<url>https?:\/\/\S+\/(?<file>[^\s/#]+\.whl)(?:#\S+)?) ?(?<marker>;.+)?$/i;

/** Options that say where packages come from, and nothing of this machine. */
const allowedOptions = [
  /^(?:-i|--index-url|--extra-index-url|-f|--find-links)[ =] ?https?:\/\/\S+$/,
  /^--trusted-host[ =] ?\S+$/,
  /^--(?:only-binary|no-binary)[ =] ?[\w.,:-]+$/,
  /^--(?:pre|prefer-binary)$/,
];
const otherFile = /^(?<option>-r|--requirement|-c|--constraint)[ =]? ?(?<path>[^\s:]+)$/;

/** Why an option cannot be, and what to do instead. */
const refusedOptions: Readonly<Record<string, string>> = {
  "--no-index":
    "the packages of the serving runtime come from the index; leave it out: a wheel of the model wins all the same",
  "--require-hashes": "pip then wants a hash of every package, those of the serving runtime too; leave the hashes out",
  "--find-links": "name each wheel by its path in the model, as in wheels/name.whl, or give an https URL",
  "-f": "name each wheel by its path in the model, as in wheels/name.whl, or give an https URL",
  "-e": "a directory of another machine cannot be installed; log its code by code_paths, or put its wheel into the model",
  "--editable":
    "a directory of another machine cannot be installed; log its code by code_paths, or put its wheel into the model",
  "-r": "it has to name a file of the model, by its path",
  "--requirement": "it has to name a file of the model, by its path",
  "-c": "it has to name a file of the model, by its path",
  "--constraint": "it has to name a file of the model, by its path",
};

/**
 * Reads a requirements file strictly. It comes with a model, and what it says is run by pip: nothing may be in it that pip and
 * this function could understand differently, that needs a file of another machine, or that holds a credential.
 *
 * @param origin - What messages call it.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` with the line's number; never with a credential or a query.
 */
export function parseRequirements(text: string, origin: string): RequirementLine[] {
  return sourceLines(text, origin).map((source) => ({ source, ...parseLine(source) }));
}

type Parsed = RequirementLine extends infer Line ? (Line extends unknown ? Omit<Line, "source"> : never) : never;

function parseLine(source: SourceLine): Parsed {
  const { text } = source;
  const { option, path } = otherFile.exec(text)?.groups ?? {};
  if (option && path) {
    return { kind: /^(-r|--req)/.test(option) ? "requirements" : "constraints", path };
  }
  if (!text.startsWith("-") || repository.test(text)) return { kind: "package", requirement: parseRequirement(source) };
  if (allowedOptions.some((allowed) => allowed.test(text))) return { kind: "option", text };
  const refused = /^-{1,2}[\w-]*/.exec(text)?.[0] ?? "-";
  const advice = refusedOptions[refused] ?? "list the packages themselves";
  return source.refuse(`the option ${refused} cannot be used where the image is built: ${advice}`);
}

/** The normal form of a path from the model's own directory, below which it has to be. */
export function pathInModel(path: string, { refuse }: SourceLine): string {
  const normal = normalize(path);
  if (/^(?:\/|\.\.(?:\/|$))|\\/.test(normal)) refuse(`${path} is outside of the model's own directory`);
  return normal;
}

function parseRequirement(source: SourceLine): Requirement {
  const { text, refuse } = source;
  if (/\s--hash\b/.test(text)) {
    refuse(
      "it has a hash, and pip then wants one of every package, those of the serving runtime too; leave the hashes out",
    );
  }
  if (/ --?[A-Za-z]/.test(text)) refuse("a requirement takes no options here; leave them out");
  const wheel = wheelPath.exec(text)?.groups;
  checkMarker(wheel?.["marker"], refuse);
  if (wheel && !text.includes("://")) return wheelRequirement(wheel, source);
  const line = named(text, refuse);
  const { name, versions, grouped = versions, marker } = specifier.exec(line)?.groups ?? {};
  checkMarker(marker, refuse);
  const legal = !grouped?.trim() || grouped.split(",").every((each) => clause.test(each));
  if (!name || !legal || archiveName.test(name)) {
    const isElsewhere = /(?:^|@ ?)(?:file:|\.{0,2}\/)/.test(line);
    const what = isElsewhere
      ? "this is a file of the machine that the model was logged on"
      : "this is no requirement that can be installed elsewhere";
    return refuse(`${what}; write name==version, or name @ https://… for a file or a repository`);
  }
  return {
    name: normalizedName(name),
    line,
    specifier: line,
    versions: grouped?.trim() ?? "",
    always: marker === undefined,
    wheel: null,
  };
}

function checkMarker(marker: string | undefined, refuse: SourceLine["refuse"]): void {
  if (marker === undefined || isMarker(marker.slice(1))) return;
  refuse(`what follows its ; is no environment marker such as python_version < "3.12"`);
}

/** With a name before its URL, as metadata needs it: a repository has it in `#egg=`, a wheel in its file's name. */
function named(line: string, refuse: SourceLine["refuse"]): string {
  const { url, fragment, file, marker } = { ...repository.exec(line)?.groups, ...wheelUrl.exec(line)?.groups };
  const end = marker === undefined ? "" : ` ${marker}`;
  if (url && file) return `${wheelOf(decoded(file), refuse).name} @ ${url}${end}`;
  if (!url || !fragment) {
    if (!/^(?:-e |--editable[ =])?(?:git|hg|svn|bzr)\+/.test(line)) return line;
    return refuse("a repository needs its package's name; write name @ git+https://…, or #egg=name at its end");
  }
  const parts = fragment.split("&");
  const egg = parts.find((part) => part.startsWith("egg="))?.slice(4);
  const rest = parts.filter((part) => !part.startsWith("egg=")).join("&");
  if (!egg) return refuse("a repository needs its package's name; write name @ git+https://…, or #egg=name at its end");
  return `${egg} @ ${url}${rest === "" ? "" : `#${rest}`}${end}`;
}

function decoded(file: string): string {
  return file.replaceAll("%2B", "+").replaceAll("%2b", "+");
}

function wheelRequirement({ path = "", extras = "", marker }: Partial<Record<string, string>>, source: SourceLine) {
  const inModel = pathInModel(path, source);
  const file = inModel.replace(/^.*\//, "");
  const { name, version } = wheelOf(file, source.refuse);
  const end = marker === undefined ? "" : ` ${marker}`;
  return {
    name: normalizedName(name),
    // a wheel has one place in the bundle, whatever its place in the model
    line: `./wheels/${file}${extras}${end}`,
    specifier: `${name}${extras}==${version}${end}`,
    versions: `==${version}`,
    always: marker === undefined,
    wheel: inModel,
  };
}

/** "Names and normalization" of the Python Packaging User Guide. */
function normalizedName(name: string): string {
  return name.toLowerCase().replaceAll(/[._-]+/g, "-");
}
