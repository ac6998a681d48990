/** The minors of Python 3 that MLflow 2.19 and later run on, the preferred one first: it is the oldest that all of them do. */
const minors = [11, 12, 10, 13, 9, 14];

/**
 * One Python for versions that a model allows, such as `==3.8.5` or `>=3.9,<3.12`: the version itself where there is one, else the
 * minor that serves best. Where none does, the number that the range begins or ends with, which says why it cannot be served.
 */
export function pythonFor(versions: string): string | null {
  const clauses = versions.split(",").flatMap((text) => {
    const [, operator, major, minor, rest = ""] =
      /^(==|>=|<=|!=|~=|>|<)(\d+)(?:\.(\d+))?(\S*)$/.exec(text.trim()) ?? [];
    return operator && major
      ? [{ operator, major: Number(major), minor: minor === undefined ? null : Number(minor), rest }]
      : [];
  });
  const pinned = clauses.find(({ operator, minor }) => operator === "==" && minor !== null);
  if (pinned) return `${pinned.major}.${pinned.minor}${pinned.rest.replace(/\.\*$/, "")}`;
  const found = minors.find((candidate) => clauses.every((clause) => allows(clause, candidate)));
  if (found !== undefined) return clauses.length === 0 ? null : `3.${found}`;
  const [first] = clauses;
  return first ? `${first.major}.${first.minor ?? 0}` : null;
}

interface Clause {
  operator: string;
  major: number;
  minor: number | null;
  /** What comes after the minor, such as `.5` or `.*`. */
  rest: string;
}

/** Whether some version of `3.candidate` is allowed. */
function allows({ operator, major, minor, rest }: Clause, candidate: number): boolean {
  const order = 3 - major || candidate - (minor ?? 0);
  const isPatch = /^\.[1-9]/.test(rest);
  switch (operator) {
    case ">=":
    case ">":
      return order >= 0;
    case "<":
      return order < 0 || (order === 0 && isPatch);
    case "<=":
      return order <= 0;
    case "!=":
      return order !== 0 || isPatch;
    case "~=":
      return major === 3 && (rest === "" ? candidate >= (minor ?? 0) : candidate === minor);
    default:
      return major === 3; // "==3"
  }
}
