import { DeploymentError } from "../core/errors.js";
import { run } from "./process.js";
import type { PythonInterpreter } from "./python.js";

/** Options of a requirements file that say where packages come from, not which are needed. */
const sourceOptions =
  /^(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host|--no-index|--pre|--prefer-binary|--only-binary|--no-binary|--require-hashes)\b/;

/** The lines of a requirements file that mean something: continuations joined, comments and blank lines gone. */
export function requirementLines(text: string): string[] {
  return text
    .replaceAll(/\\\r?\n/g, " ")
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

/*
 * Reads requirements on standard input, one a line, and prints those that the environment does not satisfy. An extra stands for the
 * requirements that it adds, so they are followed; the rest of a package's dependencies was pip's business when it was installed.
 */
const program = `
import json, sys
from importlib import metadata
try:
    from pip._vendor.packaging.requirements import Requirement
except ImportError:
    from packaging.requirements import Requirement

def satisfied(requirement, seen):
    try:
        found = metadata.distribution(requirement.name)
    except metadata.PackageNotFoundError:
        return False
    if requirement.url:
        record = json.loads(found.read_text("direct_url.json") or "{}")
        if record.get("url") != requirement.url:
            return False
    elif not requirement.specifier.contains(found.version, prereleases=True):
        return False
    for extra in requirement.extras:
        if (requirement.name, extra) in seen:
            continue
        seen.add((requirement.name, extra))
        for line in found.requires or []:
            needed = Requirement(line)
            if not needed.marker or needed.marker.evaluate({"extra": ""}):
                continue
            if needed.marker.evaluate({"extra": extra}) and not satisfied(needed, seen):
                return False
    return True

for line in sys.stdin.read().splitlines():
    try:
        requirement = Requirement(line.split(" --hash=")[0].strip())
        missing = (not requirement.marker or requirement.marker.evaluate()) and not satisfied(requirement, set())
    except ValueError:
        missing = True
    if missing:
        print(line)
`;

/**
 * The requirements of a requirements file that `python`'s environment does not satisfy, as they are written there.
 *
 * Versions, environment markers, extras and direct URLs are honoured; options that only say where packages come from are passed
 * over. What can't be told without installing it (`-r`, `-c`, `-e`, a path, a line that is no requirement) counts as missing.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when the interpreter has neither pip nor packaging to judge with.
 */
export async function missingRequirements(python: PythonInterpreter, requirementsText: string): Promise<string[]> {
  const needed = requirementLines(requirementsText).filter((line) => !sourceOptions.test(line));
  if (needed.length === 0) return [];
  const missing: string[] = [];
  const answer = await run({
    command: python.path,
    args: ["-I", "-c", program],
    input: needed.join("\n"),
    onLine: (line, stream) => {
      if (stream === "stdout") missing.push(line);
    },
  });
  if (answer.code !== 0) {
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      `${python.path} could not say which packages it has: ${answer.lines.at(-1) ?? "no answer"}. Install pip into it.`,
    );
  }
  return missing;
}
