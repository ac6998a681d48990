import type { ModelRequirements } from "./model-requirements.js";
import type { Requirement } from "./requirements.js";

/** The oldest MLflow that the serving runtime works with: the first whose signatures know arrays and maps. */
const oldest = [2, 12] as const;

/** What takes the place of an older one: MLflow loads the models of earlier versions, and this is not too far from them. */
const servable = ">=2.19,<3";

/** The names under which MLflow is on PyPI. */
const distributions: ReadonlySet<string> = new Set(["mlflow", "mlflow-skinny"]);

/** For a model logged with an older MLflow than the serving runtime works with: its requirements with a newer one. */
export function withServableMlflow(own: ModelRequirements): { own: ModelRequirements; warnings: string[] } {
  const named = [...own.packages, ...(own.constraints ?? [])];
  const old = named.filter((each) => distributions.has(each.name) && isOld(each.versions));
  if (old.length === 0) return { own, warnings: [] };
  const replaced = (requirement: Requirement): Requirement => {
    if (!old.includes(requirement)) return requirement;
    const line = newer(requirement);
    return { ...requirement, line, specifier: line, versions: servable, wheel: null };
  };
  const lines = new Map(old.map((requirement) => [requirement.line, newer(requirement)]));
  const wheels = own.wheels.filter(({ path }) => !old.some(({ line }) => line.startsWith(`./${path}`)));
  return {
    own: {
      ...own,
      lines: own.lines.map((line) => lines.get(line) ?? line),
      packages: own.packages.map(replaced),
      constraints: own.constraints?.map(replaced) ?? null,
      wheels,
    },
    warnings: [
      `The model asks for ${[...new Set(old.map(({ specifier }) => specifier))].join(" and ")}; the serving runtime needs ${oldest.join(".")} or later, and gets mlflow${servable}, which loads models of earlier versions. Compare its answers, or log the model again.`,
    ],
  };
}

function newer({ specifier }: Requirement): string {
  const [, name = "", marker = ""] = /^([A-Za-z0-9._-]+ ?(?:\[[^\]]*\])?)[^;]*(;.+)?$/.exec(specifier) ?? [];
  return `${name.trim()}${servable}${marker === "" ? "" : ` ${marker}`}`;
}

/** Whether versions such as `==1.30.0`, `<2` or `~=1.27` leave out all that the serving runtime works with. */
export function isOld(versions: string): boolean {
  return versions.split(",").some((clause) => {
    const [, operator = "", major = "", minor] = /^\s*(={2,3}|~=|<=?)\s*(\d+)(?:\.(\d+))?/.exec(clause) ?? [];
    if (operator === "") return false;
    const first = Number(major) - oldest[0];
    // ==2.* and ~=2.1 take all of 2
    const isWhole =
      minor === undefined ? operator !== "<" && !/^\s*={2,3}\s*\d+\s*$/.test(clause) : isCompatible(clause);
    if (first !== 0 || isWhole) return first < 0;
    return Number(minor ?? 0) < oldest[1] || (operator === "<" && Number(minor ?? 0) === oldest[1]);
  });
}

/** `~=2.1`, which takes all that begins with 2; `~=2.1.0` does not. */
function isCompatible(clause: string): boolean {
  return /^\s*~=\s*\d+\.\d+\s*$/.test(clause);
}
