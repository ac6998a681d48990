import { z } from "zod";

export const text = () => z.string().trim().min(1, "must not be empty");

/** A whole number; text from an environment variable or a command line is read as one. */
export const wholeNumber = (minimum: number) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z.int(`must be a whole number, ${minimum} or more`).min(minimum, `must be ${minimum} or more`),
  );

/** A boolean; only the texts `true` and `false` are read as one. */
export const flag = () =>
  z.preprocess(
    (value) => (value === "true" ? true : value === "false" ? false : value),
    z.boolean("must be true or false"),
  );

/** A table of text; JSON text is read as one. */
export const table = () => z.preprocess(parseJson, z.record(z.string(), z.string()));

/** Environment variables of the process that serves. Those of the container contract are not its owner's to set. */
export const variables = () =>
  table().refine(
    (value) => Object.keys(value).every((name) => /^(?!AIP_)[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
    "must have names of letters, digits and _, that do not start with a digit or with AIP_",
  );

/** `value`, or what it is the JSON text of. */
export function parseJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
