import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";

import type { DiscoveredTarget, Discovery } from "./registry.js";
import { isTargetName, targetNameRule } from "./target-uri.js";

interface PackageJson {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  mlflowDeployments?: { targets?: unknown };
}

/** A package.json that is there: what it says, or why it cannot be read. */
interface FoundPackage {
  path: string;
  json: PackageJson;
  problem: string | null;
}

/**
 * The targets that packages among the dependencies of `directory`'s package offer by `"mlflowDeployments": { "targets":
 * { "mytarget": "./dist/plugin.js" } }` in their package.json. Nothing of theirs is run before the target is asked for.
 *
 * A dependency is looked for as Node does it, in the `node_modules` of the package's directory and of those above. Its
 * package.json is read from there, so that it is found also where `exports` hide it.
 */
export function discoverTargets(directory: string): Discovery {
  const root = nearest(resolve(directory), "package.json");
  if (!root) return { targets: [], problems: [] };
  const { dependencies, devDependencies, optionalDependencies } = root.json;
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const offers = names.map((name) => offersOf(name, dirname(root.path)));
  return {
    targets: offers.flatMap(({ targets }) => targets),
    problems: [...(root.problem ? [root.problem] : []), ...offers.flatMap(({ problems }) => problems)],
  };
}

function offersOf(packageName: string, from: string): Discovery {
  const found = nearest(from, join("node_modules", packageName, "package.json"));
  if (!found) return { targets: [], problems: [] };
  if (found.problem) return { targets: [], problems: [found.problem] };
  const offered = found.json.mlflowDeployments?.targets ?? {};
  if (typeof offered !== "object" || Array.isArray(offered)) {
    return { targets: [], problems: [`"targets" of ${packageName} must be an object of names and files.`] };
  }
  const home = dirname(found.path);
  const targets: DiscoveredTarget[] = [];
  const problems: string[] = [];
  for (const [name, file] of Object.entries(offered as Record<string, unknown>)) {
    const offer = `${packageName} offers ${JSON.stringify(name)}`;
    if (!isTargetName(name)) {
      problems.push(`${offer}, which ${targetNameRule}.`);
    } else if (typeof file !== "string" || !isInside(home, resolve(home, file))) {
      problems.push(`${offer} from ${JSON.stringify(file)}, which must be a file of the package.`);
    } else {
      targets.push({ name, packageName, load: () => createRequire(found.path)(resolve(home, file)) as unknown });
    }
  }
  return { targets, problems };
}

/** The file of that name in `directory` or the nearest one above. */
function nearest(directory: string, file: string): FoundPackage | undefined {
  for (let at = directory; ; at = dirname(at)) {
    const found = readPackage(join(at, file));
    if (found) return found;
    if (dirname(at) === at) return undefined;
  }
}

function readPackage(path: string): FoundPackage | undefined {
  try {
    const json: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof json === "object" && json !== null) return { path, json, problem: null };
    return { path, json: {}, problem: `${path} cannot be read: it must be a JSON object.` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    return { path, json: {}, problem: `${path} cannot be read: ${message}` };
  }
}

function isInside(home: string, file: string): boolean {
  const path = relative(home, file);
  return path.split(/[/\\]/)[0] !== ".." && !isAbsolute(path);
}
