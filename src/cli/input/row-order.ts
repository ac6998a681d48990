import { randomUUID } from "node:crypto";

type Table = Readonly<Record<string, unknown>>;

/** A key of digits. No text in valid JSON begins after a backslash, which stands before a quote inside of one. */
const numberedKey = /(?<!\\)"(\d+)"(?=\s*:)/g;

/**
 * Columns whose cells stand by the names of their rows, as Maps in the order of the text: JavaScript puts keys that are whole
 * numbers in the order of the numbers. pandas writes the index of a shuffled or filtered data frame as such keys, and the
 * predictions would be those of other rows.
 *
 * @param content - What the text holds. Where it is no such table, it is given back.
 * @param json - The text, which is valid JSON.
 */
export function inRowOrder(content: Table, json: string): Table {
  if (!Object.values(content).every(isTable)) return content;
  const mark = randomUUID();
  const marked = json.replace(/^\uFEFF/, "").replace(numberedKey, `"${mark}$1"`);
  const ordered = JSON.parse(marked) as Record<string, Table>;
  const named = (key: string) => (key.startsWith(mark) ? key.slice(mark.length) : key);
  return Object.fromEntries(
    Object.entries(ordered).map(([markedName, column]) => {
      const name = named(markedName);
      const cells = content[name] as Table;
      return [name, new Map(Object.keys(column).map((key) => [named(key), cells[named(key)]]))];
    }),
  );
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
