import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";

import type { DiscoveredTarget } from "./registry.js";

interface PackageJson {
  name?: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  mlflowDeployments?: { targets?: Record<string, string> };
}

/**
 * The targets that packages among the dependencies of `directory`'s package offer by `"mlflowDeployments": { "targets":
 * { "mytarget": "./dist/plugin.js" } }` in their package.json. Nothing of theirs is run before the target is asked for.
 */
export function discoverTargets(directory: string): DiscoveredTarget[] {
  const root = nearestPackage(directory);
  if (!root) return [];
  const { dependencies, devDependencies, optionalDependencies } = root.json;
  const names = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  return names.flatMap((name) => targetsOf(name, root.path));
}

function targetsOf(packageName: string, from: string): DiscoveredTarget[] {
  const found = installedPackage(packageName, dirname(from));
  const targets = found?.json.mlflowDeployments?.targets;
  if (!found || typeof targets !== "object" || targets === null) return [];
  const home = dirname(found.path);
  return Object.entries(targets)
    .filter(([, file]) => typeof file === "string" && isInside(home, resolve(home, file)))
    .map(([name, file]) => ({
      name,
      packageName,
      load: () => createRequire(found.path)(resolve(home, file)) as unknown,
    }));
}

function nearestPackage(directory: string): { path: string; json: PackageJson } | undefined {
  for (let at = resolve(directory); ; at = dirname(at)) {
    const json = readPackage(join(at, "package.json"));
    if (json) return { path: join(at, "package.json"), json };
    if (dirname(at) === at) return undefined;
  }
}

function installedPackage(name: string, from: string): { path: string; json: PackageJson } | undefined {
  for (let at = from; ; at = dirname(at)) {
    const path = join(at, "node_modules", name, "package.json");
    const json = readPackage(path);
    if (json) return { path, json };
    if (dirname(at) === at) return undefined;
  }
}

function readPackage(path: string): PackageJson | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as PackageJson;
  } catch {
    return undefined;
  }
}

function isInside(home: string, file: string): boolean {
  return !relative(home, file).startsWith("..");
}
