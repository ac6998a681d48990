/** The types of columns, scalar or nested, as MLflow writes them to JSON (`mlflow.types.schema`). */
import { sortedByName } from "../core/sorted-by-name.js";
import { columnWriter, withoutFinalNul, writeAny } from "./scalars.js";
import { expected, isPlainObject, Mismatch, names } from "./words.js";
import { isList, type Write, writeItems, writeProperties } from "./writer.js";

/** A type, and how its values are written. */
export interface Kind {
  /** In the words of a message. */
  name: string;
  /** `scalar` has one of MLflow's data types, whose name is `name`. */
  form: "scalar" | "nested" | "any";
  write: Write;
}

/** The kind of `{"type": "double"}`, `{"type": "array", "items": …}` and so on; null for a type that is not known here. */
export function kindOf(spec: unknown): Kind | null {
  const { type, items, properties, values } = isPlainObject(spec) ? spec : {};
  switch (type) {
    case "array":
      return arrayOf(kindOf(items));
    case "sparkml vector":
      return arrayOf(kindOf({ type: "double" }));
    case "object":
      return isPlainObject(properties) ? objectOf(properties) : null;
    case "map":
      return mapOf(kindOf(values));
    case "any":
      return { name: "any value", form: "any", write: writeAny };
    default: {
      const write = typeof type === "string" ? columnWriter(type) : null;
      return write && { name: String(type), form: "scalar", write };
    }
  }
}

function arrayOf(item: Kind | null): Kind | null {
  if (!item) return null;
  const name = `array of ${item.name}`;
  const isNumpyString = item.form === "scalar" && (item.name === "string" || item.name === "binary");
  const write = isNumpyString ? withoutFinalNul(item.write) : item.write;
  return {
    name,
    form: "nested",
    write: (value) => {
      if (isList(value)) return writeItems(value, write);
      throw expected(name, value);
    },
  };
}

function mapOf(value: Kind | null): Kind | null {
  if (!value) return null;
  const name = `object (a map to ${value.name})`;
  return {
    name,
    form: "nested",
    write: (map) => {
      if (isPlainObject(map)) return writeProperties(map, value.write);
      throw expected(name, map);
    },
  };
}

function objectOf(specs: Record<string, unknown>): Kind | null {
  const properties = new Map<string, { required: boolean; write: Write }>();
  // in MLflow's order
  for (const { name, spec } of sortedByName(Object.entries(specs).map(([name, spec]) => ({ name, spec })))) {
    const kind = kindOf(spec);
    if (!kind) return null;
    const required = !isPlainObject(spec) || (spec["required"] ?? true) === true;
    properties.set(name, { required, write: kind.write });
  }
  const required = [...properties].flatMap(([name, property]) => (property.required ? [name] : []));
  const writeProperty = (value: unknown, name: string): unknown => {
    const property = properties.get(name);
    return value === null && !property?.required ? null : property?.write(value);
  };
  return {
    name: "object",
    form: "nested",
    write: (value) => {
      if (!isPlainObject(value)) throw expected(`object with ${names(properties.keys())}`, value);
      const missing = required.filter((name) => !Object.hasOwn(value, name) || value[name] === undefined);
      if (missing.length > 0) throw new Mismatch(`missing ${names(missing)}`);
      const unknown = Object.keys(value).filter((name) => !properties.has(name) && value[name] !== undefined);
      if (unknown.length > 0) throw new Mismatch(`unknown ${names(unknown)}; it has ${names(properties.keys())}`);
      return writeProperties(value, writeProperty);
    },
  };
}
