import type { SignatureField } from "../core/model.js";
import { datetimeWriter } from "./datetime.js";
import { kindOf } from "./nested.js";
import { expected, located, names, quote, refused } from "./words.js";
import { isList, type Write, writeItems } from "./writer.js";

/** MLflow makes a parameter a Python datetime, which holds microseconds. */
const writeMicroseconds = datetimeWriter("us");

/** The inference params of a model; checks them with the rules and words of the serving runtime (`parameters.py`). */
export class ParameterSchema {
  readonly #writers: ReadonlyMap<string, Write>;

  /** @returns null for params of which one has a type that is not known here. */
  static of(fields: readonly SignatureField[]): ParameterSchema | null {
    const writers = new Map<string, Write>();
    for (const field of fields) {
      const write = writerOf(field);
      if (!write) return null;
      writers.set(String(field.name), write);
    }
    return new ParameterSchema(writers);
  }

  private constructor(writers: ReadonlyMap<string, Write>) {
    this.#writers = writers;
  }

  write(parameters: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
    const unknown = given.flatMap(([name]) => (this.#writers.has(name) ? [] : [name]));
    if (unknown.length > 0) {
      const known = this.#writers.size > 0 ? `it takes ${names(this.#writers.keys())}` : "its signature has no params";
      throw refused(`parameters: the model does not take ${names(unknown)}; ${known}`);
    }
    return Object.fromEntries(given.map(([name, value]) => [name, this.#writeOne(name, value)]));
  }

  #writeOne(name: string, value: unknown): unknown {
    try {
      return this.#writers.get(name)?.(value);
    } catch (error) {
      throw located(error, `parameters: ${quote(name)}`);
    }
  }
}

function writerOf(field: SignatureField): Write | null {
  // an older MLflow writes `dtype`
  const kind = kindOf({ ...field, type: field.type ?? field["dtype"] });
  if (!kind) return null;
  const one = kind.name === "datetime" ? writeMicroseconds : kind.write;
  const write = (field["shape"] ?? null) === null ? one : one && listOf(one, kind.name);
  if (!write) return null;
  return (field["default"] ?? null) === null ? (value) => (value === null ? null : write(value)) : write;
}

function listOf(write: Write, name: string): Write {
  return (value) => {
    if (isList(value)) return writeItems(value, write);
    throw expected(`array of ${name}`, value);
  };
}
