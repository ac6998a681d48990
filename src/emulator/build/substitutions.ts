import { invalidArgument } from "../google-error.js";
import type { BuildRequest } from "./build-message.js";

/**
 * Replaces `$NAME` and `${NAME}` in a build's steps, images and tags, `$$` being a dollar sign ("Substituting variable
 * values" in Cloud Build's documents).
 *
 * @param builtin Such as PROJECT_ID.
 * @throws GoogleError INVALID_ARGUMENT, as Cloud Build by default, for a name with no value, or a value with no use.
 */
export function applySubstitutions(build: BuildRequest, builtin: Readonly<Record<string, string>>): BuildRequest {
  const own = build.substitutions ?? {};
  const used = new Set<string>();
  const loose = build.options?.["substitutionOption"] === "ALLOW_LOOSE";
  const replace = (text: string) =>
    text.replace(/\$(?:\$|([A-Z_][A-Z0-9_]*)|\{([A-Z_][A-Z0-9_]*)\})/g, (all, plain?: string, braced?: string) => {
      const name = plain ?? braced;
      if (name === undefined) return "$";
      used.add(name);
      const value = own[name] ?? builtin[name];
      if (value !== undefined) return value;
      if (loose) return "";
      const problem = name.startsWith("_") ? "matched in the substitution data" : "a valid built-in substitution";
      throw invalidArgument(
        `invalid value for 'build.substitutions': key in the template "${name}" is not ${problem}; ${all}`,
      );
    });
  const list = (texts: string[] | undefined) => texts?.map(replace);
  const steps = build.steps.map((step) => ({
    ...step,
    ...definite({
      name: replace(step.name),
      args: list(step.args),
      env: list(step.env),
      dir: step.dir && replace(step.dir),
    }),
  }));
  const replaced = { ...build, steps, ...definite({ images: list(build.images), tags: list(build.tags) }) };
  requireUse(own, used, loose);
  return replaced;
}

function requireUse(own: Readonly<Record<string, string>>, used: ReadonlySet<string>, loose: boolean): void {
  for (const name of Object.keys(own)) {
    if (!/^_[A-Z0-9_]+$/.test(name)) {
      throw invalidArgument(
        `invalid value for 'build.substitutions': substitution key ${name} does not respect format ^_[A-Z0-9_]+$`,
      );
    }
    if (!loose && !used.has(name)) {
      throw invalidArgument(
        `generic::invalid_argument: key "${name}" in the substitution data is not matched in the template`,
      );
    }
  }
}

function definite<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
