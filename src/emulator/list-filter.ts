/** The filters of list requests: `display_name="x" AND labels.team=ml AND labels.owner:*` (AIP-160, as far as Vertex AI documents it). */
import { invalidArgument } from "./google-error.js";

/** What a filter looks at. */
export interface Filterable {
  /** What can be compared, by the name that a filter has for it. */
  fields: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
}

type Matcher = (resource: Filterable) => boolean;

const term =
  /^(?<field>[A-Za-z_]+(?:\.(?:"[^"]*"|[^\s=!:"]+))?)\s*(?:(?<operator>!=|=|:)\s*(?<value>"(?:[^"\\]|\\.)*"|[^\s"]+))?/;

/**
 * @param fields Names that a filter may compare, beside `labels.KEY`.
 * @throws GoogleError INVALID_ARGUMENT for what Vertex AI's documentation does not allow.
 */
export function parseFilter(filter: string, fields: readonly string[]): Matcher {
  const matchers: Matcher[] = [];
  let rest = filter.trim();
  while (rest !== "") {
    const found = term.exec(rest);
    if (!found?.groups || /^(?:OR|NOT)\b/.test(rest)) throw invalid(filter, `it can't be read from "${rest}" on`);
    const { field = "", operator, value } = found.groups;
    matchers.push(matcher(filter, fields, field, operator, unquote(value)));
    rest = rest.slice(found[0].length).trim();
    const conjunction = /^AND\b\s*/.exec(rest)?.[0] ?? "";
    rest = rest.slice(conjunction.length);
    if (conjunction && rest === "") throw invalid(filter, "nothing follows AND");
  }
  return (resource) => matchers.every((each) => each(resource));
}

function matcher(
  filter: string,
  fields: readonly string[],
  field: string,
  operator: string | undefined,
  value: string,
): Matcher {
  const [name = "", ...keys] = field.split(".");
  if (name === "labels" && keys.length > 0) return labelMatcher(unquote(keys.join(".")), operator, value);
  if (operator !== "=" && operator !== "!=") throw invalid(filter, `"${field}" supports = and != only`);
  if (!fields.includes(name)) throw invalid(filter, `"${field}" is not a field to filter by`);
  return (resource) => (resource.fields[name] === value) === (operator === "=");
}

function labelMatcher(key: string, operator: string | undefined, value: string): Matcher {
  if (operator === undefined || (operator === ":" && value === "*")) return ({ labels }) => Object.hasOwn(labels, key);
  if (operator === "!=") return ({ labels }) => labels[key] !== value;
  return ({ labels }) => labels[key] === value;
}

function unquote(text = ""): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
}

function invalid(filter: string, why: string) {
  return invalidArgument(`Invalid filter: ${filter}: ${why}.`);
}
