import type { ResolvedModel } from "../core/model.js";

/**
 * A warning for each module of the model's code (`code_paths`) that has the name of one of the bundle's, which is there first.
 *
 * @param modules - The names of the bundle's.
 */
export function moduleNameWarnings({ metadata, files }: ResolvedModel, modules: readonly string[]): string[] {
  const code = metadata.flavors["python_function"]?.["code"];
  if (typeof code !== "string") return [];
  const names = files.flatMap(({ path }) => {
    const [top = "", ...rest] = path.startsWith(`${code}/`) ? path.slice(code.length + 1).split("/") : [];
    return rest.length === 0 ? (/^(\w+)\.py$/.exec(top)?.[1] ?? []) : [top];
  });
  const taken = [...new Set(names)].filter((name) => modules.includes(name));
  return taken.map(
    (name) =>
      `The model's code has a module ${name}, and so has the bundle: where the model imports it, it gets the bundle's. Rename the model's and log it again.`,
  );
}
