/** Reads requests as Google's front end reads proto3 JSON, with its messages for what does not fit. */
import { invalidArgument, unimplemented } from "../google-error.js";
import type { FieldType, MessageType } from "./field-types.js";
import { parseScalar } from "./scalars.js";

export type JsonObject = Record<string, unknown>;

/**
 * Checks `json` against a message and gives it back in the form that Google keeps: JSON names, enums by name, int64 as
 * strings, fields that hold their default left out.
 *
 * @param root What the message is called in the request (`model` in `models.patch`), `""` for the request itself.
 * @throws GoogleError INVALID_ARGUMENT naming each field that does not fit, UNIMPLEMENTED for one that is not emulated.
 */
export function parseMessage(type: MessageType, json: unknown, root: string): JsonObject {
  const parser = new Parser();
  const parsed = parser.message(type, json, root);
  parser.finish();
  return parsed;
}

/** `display_name` for `displayName`: the proto's own name of a field. */
export function protoName(jsonName: string): string {
  return jsonName.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

class Parser {
  readonly #violations: { field: string; description: string }[] = [];
  readonly #notEmulated: string[] = [];

  message(type: MessageType, json: unknown, path: string): JsonObject {
    const parsed: JsonObject = {};
    if (!isObject(json)) {
      this.#invalid(path, `type.googleapis.com/${type.name}`, json);
      return parsed;
    }
    const fields = fieldsByEitherName(type);
    for (const [key, given] of Object.entries(json)) {
      const name = fields.get(key);
      if (name === undefined) {
        this.#violation(path, `Unknown name ${JSON.stringify(key)}${at(path)}: Cannot find field.`);
        continue;
      }
      const fieldType = type.fields[name]!;
      const isValue = fieldType.kind === "value"; // which may hold null, 0 and the like
      if (given === null && !isValue) continue; // proto3 JSON: null is an unset field
      const kept = this.field(fieldType, given, path === "" ? protoName(name) : `${path}.${protoName(name)}`);
      if (kept !== undefined && (isValue || !isDefault(kept))) parsed[name] = kept;
    }
    return parsed;
  }

  field(type: FieldType, given: unknown, path: string): unknown {
    switch (type.kind) {
      case "message":
        return this.message(type.message, given, path);
      case "list":
        return this.#list(type.of, given, path);
      case "map":
        return this.#map(type.of, given, path);
      case "value":
        return given;
      case "outputOnly":
        return undefined;
      case "notEmulated":
        if (!isDefault(given)) this.#notEmulated.push(path);
        return undefined;
      default: {
        const scalar = parseScalar(type, given);
        if ("value" in scalar) return scalar.value;
        if (Array.isArray(given)) this.#notRepeating(path);
        else this.#invalid(path, scalar.expected, given);
        return undefined;
      }
    }
  }

  /** @throws GoogleError when anything did not fit. */
  finish(): void {
    if (this.#violations.length > 0) {
      const details = [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: this.#violations }];
      throw invalidArgument(this.#violations.map((each) => each.description).join("\n"), details);
    }
    if (this.#notEmulated.length > 0) {
      throw unimplemented(
        `Google's API knows ${this.#notEmulated.join(", ")}, the emulator does not: leave it out, see docs/emulator.md.`,
      );
    }
  }

  #list(of: FieldType, given: unknown, path: string): unknown[] | undefined {
    if (!Array.isArray(given)) {
      this.#invalid(path, typeName(of), given);
      return undefined;
    }
    return given.map((each, index) => this.field(of, each, `${path}[${index}]`));
  }

  #map(of: FieldType, given: unknown, path: string): JsonObject | undefined {
    if (!isObject(given)) {
      this.#invalid(path, "map", given);
      return undefined;
    }
    return Object.fromEntries(
      Object.entries(given).map(([key, each], index) => [key, this.field(of, each, `${path}[${index}].value`)]),
    );
  }

  #invalid(path: string, expected: string, given: unknown): void {
    const shown = isObject(given) ? "Starting an object on a scalar field" : JSON.stringify(given);
    const description = `Invalid value${at(path)} (${expected}), ${shown}`;
    this.#violations.push({ field: path, description });
  }

  #notRepeating(path: string): void {
    const cut = path.lastIndexOf(".");
    const parent = path.slice(0, Math.max(cut, 0));
    this.#violation(
      parent,
      `Unknown name "${path.slice(cut + 1)}"${at(parent)}: Proto field is not repeating, cannot start list.`,
    );
  }

  #violation(field: string, what: string): void {
    this.#violations.push({ field, description: `Invalid JSON payload received. ${what}` });
  }
}

function at(path: string): string {
  return path === "" ? "" : ` at '${path}'`;
}

function typeName(type: FieldType): string {
  if (type.kind === "message") return `type.googleapis.com/${type.message.name}`;
  return type.kind === "value" ? "type.googleapis.com/google.protobuf.Value" : `TYPE_${type.kind.toUpperCase()}`;
}

function fieldsByEitherName(type: MessageType): Map<string, string> {
  return new Map(
    Object.keys(type.fields).flatMap(
      (name) =>
        [
          [name, name],
          [protoName(name), name],
        ] as const,
    ),
  );
}

/** proto3 does not tell a default value from an absent one, and its JSON leaves both out. */
function isDefault(given: unknown): boolean {
  if (Array.isArray(given)) return given.length === 0;
  return given === "" || given === 0 || given === "0" || given === false;
}

export function isObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
