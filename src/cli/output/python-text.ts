/**
 * A value as Python's `str` writes it: the text form of MLflow's own command line, which prints dicts and lists. A text is
 * itself.
 */
export function pythonStr(value: unknown): string {
  return typeof value === "string" ? value : pythonRepr(value);
}

/** A value of JSON as Python's `repr` writes it: `{'name': 'tester', 'flavor': None}`. */
export function pythonRepr(value: unknown): string {
  const plain = plainValue(value);
  if (plain === null || plain === undefined) return "None";
  if (typeof plain === "string") return quoted(plain);
  if (typeof plain === "boolean") return plain ? "True" : "False";
  if (typeof plain === "bigint") return String(plain);
  if (typeof plain === "number") return number(plain, { NaN: "nan", Infinity: "inf", "-Infinity": "-inf" });
  if (Array.isArray(plain)) return `[${plain.map(pythonRepr).join(", ")}]`;
  if (typeof plain !== "object") throw notJson(plain);
  return `{${entries(plain)
    .map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`)
    .join(", ")}}`;
}

/** A value as Python's `json.dumps` writes it: a space after commas and colons, and nothing but ASCII. */
export function pythonJson(value: unknown): string {
  const plain = plainValue(value);
  if (plain === null || plain === undefined) return "null";
  if (typeof plain === "string") return jsonText(plain);
  if (typeof plain === "boolean" || typeof plain === "bigint") return String(plain);
  if (typeof plain === "number") return number(plain, { NaN: "NaN", Infinity: "Infinity", "-Infinity": "-Infinity" });
  if (Array.isArray(plain)) return `[${plain.map(pythonJson).join(", ")}]`;
  if (typeof plain !== "object") throw notJson(plain);
  return `{${entries(plain)
    .map(([key, item]) => `${jsonText(key)}: ${pythonJson(item)}`)
    .join(", ")}}`;
}

/** What `JSON.stringify` would take an object for. */
function plainValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("toJSON" in value)) return value;
  return typeof value.toJSON === "function" ? (value.toJSON as () => unknown)() : value;
}

function notJson(value: unknown): Error {
  return new Error(`The target's answer holds a ${typeof value}, which is no value of JSON.`);
}

function entries(object: object): [string, unknown][] {
  return Object.entries(object).filter(([, item]) => item !== undefined);
}

/** A float has an exponent from 1e-05 down, and from 1e+16 up, of at least two digits. */
function number(value: number, others: Readonly<Record<string, string>>): string {
  if (Object.is(value, -0)) return "-0.0";
  if (Number.isSafeInteger(value)) return String(value);
  const special = others[String(value)];
  if (special !== undefined) return special;
  const size = Math.abs(value);
  const text = size < 1e-4 || size >= 1e16 ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2") + (Number.isInteger(value) && size < 1e16 ? ".0" : "");
}

function jsonText(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** In single quotes, unless that would need an escape and double ones would not. */
function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\'\p{C}\p{Z}]/gu, (character) => {
    if (character === " " || (character === "'" && quote === '"')) return character;
    return escapes[character] ?? (character === "'" ? String.raw`\'` : codePoint(character));
  });
  return `${quote}${escaped}${quote}`;
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  if (hex.length <= 2) return `\\x${hex.padStart(2, "0")}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
