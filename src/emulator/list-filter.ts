/** The filters of list requests: `display_name="x" AND labels.team=ml AND labels.owner:*` (AIP-160, as far as Vertex AI documents it). */
import { invalidArgument } from "./google-error.js";

/** What a filter looks at. */
export interface Filterable {
  /** What can be compared, by the name that a filter has for it. */
  fields: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
}

/** What a field can be compared by, beside `=` and `!=`: `:` with `*` in its value, or `<`, `<=`, `>`, `>=` of times. */
type FieldKind = "plain" | "wildcard" | "time";

/** What a method's filter may have. */
export interface FilterGrammar {
  /** Names that a filter may compare, beside `labels.KEY`. */
  fields: Readonly<Record<string, FieldKind>>;
  /** Whether there are `OR`, which binds closer than `AND`, and `NOT`. Default false. */
  logic?: boolean;
}

type Matcher = (resource: Filterable) => boolean;

const term =
  /^(?<field>[A-Za-z_]+(?:\.(?:"[^"]*"|[^\s=!:"<>]+))?)\s*(?:(?<operator>!=|<=|>=|=|<|>|:)\s*(?<value>"(?:[^"\\]|\\.)*"|[^\s"]+))?/;

/** @throws GoogleError INVALID_ARGUMENT for what Vertex AI's documentation does not allow. */
export function parseFilter(filter: string, { fields, logic = false }: FilterGrammar): Matcher {
  /** One of each list has to match. */
  const matchers: Matcher[][] = [];
  let rest = filter.trim();
  let isAlternative = false;
  while (rest !== "") {
    const negation = (logic && /^NOT\s+/.exec(rest)?.[0]) || "";
    const comparison = rest.slice(negation.length);
    const found = term.exec(comparison);
    if (!found?.groups || /^(?:OR|NOT)\b/.test(comparison)) throw invalid(filter, `it can't be read from "${rest}" on`);
    const { field = "", operator, value } = found.groups;
    const matches = matcher(filter, fields, field, operator, unquote(value));
    const wanted: Matcher = negation ? (resource) => !matches(resource) : matches;
    if (isAlternative) matchers.at(-1)!.push(wanted);
    else matchers.push([wanted]);
    rest = comparison.slice(found[0].length).trim();
    const conjunction = (logic ? /^(?:AND|OR)\b\s*/ : /^AND\b\s*/).exec(rest)?.[0] ?? "";
    isAlternative = conjunction.startsWith("OR");
    rest = rest.slice(conjunction.length);
    if (conjunction && rest === "") throw invalid(filter, `nothing follows ${conjunction.trim()}`);
  }
  return (resource) => matchers.every((any) => any.some((each) => each(resource)));
}

function matcher(
  filter: string,
  fields: FilterGrammar["fields"],
  field: string,
  operator: string | undefined,
  value: string,
): Matcher {
  const [name = "", ...keys] = field.split(".");
  if (name === "labels" && keys.length > 0) {
    if (operator !== undefined && /[<>]/.test(operator))
      throw invalid(filter, `labels are not compared by ${operator}`);
    return labelMatcher(unquote(keys.join(".")), operator, value);
  }
  if (!Object.hasOwn(fields, name)) throw invalid(filter, `"${field}" is not a field to filter by`);
  const kind = fields[name];
  if (kind === "time") return timeMatcher(filter, name, operator, value);
  if (operator === ":" && kind === "wildcard") {
    const pattern = new RegExp(`^${value.split("*").map(escaped).join(".*")}$`, "su");
    return (resource) => pattern.test(resource.fields[name] ?? "");
  }
  if (operator !== "=" && operator !== "!=") throw invalid(filter, `"${field}" does not support ${operator ?? "that"}`);
  return (resource) => (resource.fields[name] === value) === (operator === "=");
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

function timeMatcher(filter: string, name: string, operator: string | undefined, value: string): Matcher {
  const compare = comparisons[operator ?? ""];
  const time = Date.parse(value);
  if (!compare) throw invalid(filter, `"${name}" does not support ${operator ?? "that"}`);
  if (!/^\d{4}-\d\d-\d\dT/.test(value) || Number.isNaN(time)) throw invalid(filter, `"${value}" is not RFC 3339`);
  return (resource) => compare(Date.parse(resource.fields[name] ?? ""), time);
}

function labelMatcher(key: string, operator: string | undefined, value: string): Matcher {
  if (operator === undefined || (operator === ":" && value === "*")) return ({ labels }) => Object.hasOwn(labels, key);
  if (operator === "!=") return ({ labels }) => labels[key] !== value;
  return ({ labels }) => labels[key] === value;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function unquote(text = ""): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
}

function invalid(filter: string, why: string) {
  return invalidArgument(`Invalid filter: ${filter}: ${why}.`);
}
