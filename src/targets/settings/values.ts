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

/** `value`, or what it is the JSON text of. */
export function parseJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
