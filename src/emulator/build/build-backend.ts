import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { ensureEnvironment, missingRequirements } from "../../runtime/environment.js";
import type { PythonInterpreter } from "../../runtime/python.js";
import type { BuildContext } from "./image-draft.js";

/** What pip takes for granted where a project does not say (PEP 518). */
const legacyRequirements = ["setuptools>=40.8.0", "wheel"];

/**
 * An interpreter that has what projects need to be built. pip would fetch that for each build, into an environment that
 * it then throws away; here one is kept for all builds with the same needs.
 *
 * @returns Undefined when only pip itself can tell what is needed.
 */
export async function buildInterpreter(
  projects: readonly string[],
  python: PythonInterpreter,
  context: Pick<BuildContext, "cacheDir" | "onLine" | "signal">,
): Promise<PythonInterpreter | undefined> {
  const needs = await Promise.all(projects.map(readBuildRequirements));
  if (needs.includes(undefined)) return undefined;
  const requirements = [...new Set(needs.flatMap((each) => each ?? []))].sort().join("\n");
  if ((await missingRequirements(python, requirements)).length === 0) return python;
  return ensureEnvironment({
    python,
    requirements,
    ...(context.cacheDir === undefined ? {} : { cacheDir: context.cacheDir }),
    onLine: context.onLine,
    signal: context.signal,
  });
}

/** `build-system.requires` of a project directory, or undefined for an archive or what is not plain to see. */
async function readBuildRequirements(project: string): Promise<string[] | undefined> {
  const pyproject = join(project, "pyproject.toml");
  if (!existsSync(pyproject)) return existsSync(join(project, "setup.py")) ? legacyRequirements : undefined;
  const text = await readFile(pyproject, "utf8");
  const section = /^\[build-system\]\s*$(.*?)(?=^\[|(?![\s\S]))/ms.exec(text)?.[1];
  if (section === undefined) return legacyRequirements;
  const list = /^requires\s*=\s*\[((?:\s|,|"[^"\\]*"|'[^']*')*)\]/m.exec(section)?.[1];
  return list?.match(/"[^"]*"|'[^']*'/g)?.map((quoted) => quoted.slice(1, -1));
}
