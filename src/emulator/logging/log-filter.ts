import { invalidArgument, unimplemented } from "../google-error.js";
import { type LogEntry, severities } from "../logs.js";

type Test = (entry: LogEntry) => boolean;

const comparison = /\s*(?:AND\s+)?([A-Za-z_][\w.]*)\s*(>=|<=|!=|=|>|<|:)\s*("(?:\\.|[^"\\])*"|[^\s"()]+)\s*/y;

/**
 * The part of Cloud Logging's query language that the emulator knows: comparisons of `resource.type`,
 * `resource.labels.*`, `timestamp`, `severity`, `logName`, `textPayload` and `insertId`, all of which have to hold.
 *
 * @throws GoogleError UNIMPLEMENTED for the rest of it (OR, NOT, parentheses, other fields).
 */
export function parseLogFilter(filter: string): Test {
  const tests: Test[] = [];
  const text = filter.trim();
  comparison.lastIndex = 0;
  while (comparison.lastIndex < text.length) {
    const start = comparison.lastIndex;
    const match = comparison.exec(text);
    if (!match) throw unimplemented(`The emulator's log filter does not know: ${text.slice(start, start + 80)}`);
    const [, field = "", operator = "", value = ""] = match;
    tests.push(parseComparison(field, operator, unquote(value)));
  }
  return (entry) => tests.every((test) => test(entry));
}

function parseComparison(field: string, operator: string, value: string): Test {
  if (field === "severity") {
    const level = severities.indexOf(value.toUpperCase() as LogEntry["severity"]);
    if (level === -1) throw invalidArgument(`Unparseable filter: "${value}" is not a severity`);
    return (entry) => holds(operator, severities.indexOf(entry.severity) - level);
  }
  if (field === "timestamp") {
    const time = Date.parse(value);
    if (Number.isNaN(time)) throw invalidArgument(`Unparseable filter: "${value}" is not a timestamp`);
    return (entry) => holds(operator, Date.parse(entry.timestamp) - time);
  }
  const read = reader(field);
  if (operator === ":") return (entry) => !!read(entry)?.toLowerCase().includes(value.toLowerCase());
  return (entry) => {
    const actual = read(entry);
    if (actual === undefined) return operator === "!=";
    return holds(operator, actual < value ? -1 : actual > value ? 1 : 0);
  };
}

function reader(field: string): (entry: LogEntry) => string | undefined {
  const label = /^resource\.labels\.(\w+)$/.exec(field)?.[1];
  if (label !== undefined) return (entry) => entry.resource.labels[label];
  if (field === "resource.type") return (entry) => entry.resource.type;
  if (field === "logName" || field === "textPayload" || field === "insertId") return (entry) => entry[field];
  throw unimplemented(`The emulator's log filter does not know the field ${field}.`);
}

function holds(operator: string, order: number): boolean {
  switch (operator) {
    case "=":
    case ":":
      return order === 0;
    case "!=":
      return order !== 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    case "<":
      return order < 0;
    default:
      return order <= 0;
  }
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}
