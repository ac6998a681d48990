/** The filters of list requests: `display_name="x" AND labels.team=ml AND labels.owner:*` (AIP-160, as far as Vertex AI documents it). */
import { invalidArgument } from "../google-error.js";

/** What a filter looks at. */
export interface Filterable {
  /** Last part of the resource's name. */
  id: string;
  displayName: string;
  labels: Readonly<Record<string, string>>;
}

type Matcher = (resource: Filterable) => boolean;

const term =
  /^(?<field>[A-Za-z_]+(?:\.(?:"[^"]*"|[^\s=!:"]+))?)\s*(?:(?<operator>!=|=|:)\s*(?<value>"(?:[^"\\]|\\.)*"|[^\s"]+))?/;

/**
 * @param idField Name under which a filter addresses the id: `model` or `endpoint`.
 * @throws GoogleError INVALID_ARGUMENT for what Vertex AI's documentation does not allow.
 */
export function parseFilter(filter: string, idField: string): Matcher {
  const matchers: Matcher[] = [];
  let rest = filter.trim();
  while (rest !== "") {
    const found = term.exec(rest);
    if (!found?.groups || /^(?:OR|NOT)\b/.test(rest)) throw invalid(filter, `it can't be read from "${rest}" on`);
    const { field = "", operator, value } = found.groups;
    matchers.push(matcher(filter, idField, field, operator, unquote(value)));
    rest = rest.slice(found[0].length).trim();
    const conjunction = /^AND\b\s*/.exec(rest)?.[0] ?? "";
    rest = rest.slice(conjunction.length);
    if (conjunction && rest === "") throw invalid(filter, "nothing follows AND");
  }
  return (resource) => matchers.every((each) => each(resource));
}

function matcher(filter: string, idField: string, field: string, operator: string | undefined, value: string): Matcher {
  const [name = "", ...keys] = field.split(".");
  if (name === "labels" && keys.length > 0) return labelMatcher(unquote(keys.join(".")), operator, value);
  if (operator !== "=" && operator !== "!=") throw invalid(filter, `"${field}" supports = and != only`);
  const read = reader(name, idField);
  if (!read) throw invalid(filter, `"${field}" is not a field to filter by`);
  return (resource) => (read(resource) === value) === (operator === "=");
}

function reader(name: string, idField: string): ((resource: Filterable) => string) | undefined {
  if (name === "display_name" || name === "displayName") return (resource) => resource.displayName;
  return name === idField ? (resource) => resource.id : undefined;
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
