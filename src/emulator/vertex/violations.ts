import { type GoogleError, invalidArgument } from "../google-error.js";
import { isObject, type JsonObject, protoName } from "../proto/parse.js";
import type { FieldType, MessageType } from "../proto/field-types.js";

/** What is wrong with a well-formed request, all of it, in the form in which Vertex AI lists it. */
export class Violations {
  readonly #found: string[] = [];

  /** @param field Path in the request with proto names, such as `model.display_name`. */
  add(field: string, message: string): void {
    this.#found.push(`Field: ${field}; Message: ${message}`);
  }

  /** Notes each field with `field_behavior` REQUIRED that is unset, in the message and those within it. */
  required(type: MessageType, given: JsonObject, path = ""): void {
    for (const name of type.required) {
      if (given[name] === undefined) this.add(join(path, name), "Required field is not set.");
    }
    for (const [name, each] of Object.entries(given)) this.#within(type.fields[name], each, join(path, name));
  }

  /** @throws GoogleError INVALID_ARGUMENT if anything was noted. */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    throw invalidArgument(
      `List of found errors:\t${this.#found.map((each, index) => `${index + 1}.${each}\t`).join("")}`,
    );
  }

  #within(type: FieldType | undefined, given: unknown, path: string): void {
    if (type?.kind === "message" && isObject(given)) this.required(type.message, given, path);
    if (type?.kind === "list" && Array.isArray(given)) {
      given.forEach((each, index) => this.#within(type.of, each, `${path}[${index}]`));
    }
  }
}

/** The error for one required field that is unset. */
export function requiredField(field: string): GoogleError {
  return invalidArgument(`List of found errors:\t1.Field: ${field}; Message: Required field is not set.\t`);
}

function join(path: string, name: string): string {
  return path === "" ? protoName(name) : `${path}.${protoName(name)}`;
}
