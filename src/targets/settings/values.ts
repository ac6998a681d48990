import { z } from "zod";

export const text = () => z.string().trim().min(1, "must not be empty");

/** The largest `int32`, as which Google takes counts. */
const largest = 2 ** 31 - 1;

/** A whole number; text from an environment variable or a command line is read as one. */
export const wholeNumber = (minimum: number, maximum = largest) => {
  const range = maximum === largest ? `${minimum} or more` : `from ${minimum} to ${maximum}`;
  return z.preprocess(
    (value) => (typeof value === "string" && /^\s*\d+\s*$/.test(value) ? Number(value) : value),
    z
      .int({
        error: ({ input }) =>
          typeof input === "string" && input.trim() === ""
            ? `is empty: give a whole number, ${range}, or leave it out`
            : `must be a whole number, ${range}`,
      })
      .min(minimum, `must be ${range}`)
      .max(maximum, `must be at most ${maximum}`),
  );
};

/** A boolean; of texts, only `true` and `false` are read as one, in any case: Python writes `True`. */
export const flag = () =>
  z.preprocess((value) => {
    if (typeof value !== "string") return value;
    const word = value.trim().toLowerCase();
    return word === "true" ? true : word === "false" ? false : value;
  }, z.boolean("must be true or false"));

/** A table of text; JSON text is read as one. */
export const table = () =>
  z.preprocess(parseJson, z.record(z.string(), z.string("must be text"), "must be a table of text, or its JSON text"));

/** Environment variables of the process that serves. Those of the container contract are not its owner's to set. */
export const variables = () =>
  table().refine(
    (value) => Object.keys(value).every((name) => /^(?!AIP_|SERVING_)[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
    "must have names of letters, digits and _, that do not start with a digit, with AIP_ or with SERVING_",
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
