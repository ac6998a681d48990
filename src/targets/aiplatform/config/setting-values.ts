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

/** An object of any form; JSON text is read as one. */
export const json = () =>
  z.preprocess(parseJson, z.record(z.string(), z.json(), "must be an object, or its JSON text"));

export const percent = (minimum = 0) => wholeNumber(minimum, 100);

/** A table of percentages; JSON text is read as one. */
export const split = () =>
  z.preprocess(
    parseJson,
    z
      .record(z.string(), percent(), "must be a table of percentages, or its JSON text")
      .refine((value) => Object.values(value).reduce((sum, share) => sum + share, 0) === 100, {
        message: "must have shares that add up to 100, by the names of deployments",
      }),
  );

export function parseJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const labelKey = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}0-9_-]{0,62}$/u;
const labelText = /^[\p{Ll}\p{Lo}0-9_-]{0,63}$/u;
/** `Endpoint.labels`: "No more than 64 user labels", of which this package sets four (spec.ts). */
const mostLabels = 64 - 4;
export const labels = () =>
  table()
    .refine(
      (value) => Object.entries(value).every(([key, label]) => labelKey.test(key) && labelText.test(label)),
      "must have keys and values of at most 63 lower-case letters, digits, _ and -, the keys beginning with a letter",
    )
    .refine(
      (value) => Object.keys(value).length <= mostLabels,
      `must have at most ${mostLabels} labels: Vertex AI takes 64, and this package sets the others`,
    );

/** Cloud Storage's rule: "Bucket name requirements". */
export const bucket = () =>
  z.preprocess(
    (value) => (typeof value === "string" ? value.replace(/^gs:\/\//, "").replace(/\/$/, "") : value),
    z.string().regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, "must be a bucket's name, such as acme-models"),
  );

export const route = () =>
  z
    .string()
    .transform((value) => value.replace(/^\/+|\/+$/g, ""))
    .refine((value) => !/[\p{Cc}#?*[\]]|(^|\/)\.{0,2}(\/|$)/u.test(value) || value === "", {
      message:
        "must be a path in the bucket, such as models/production, without control characters, ., .., or any of # ? * [ ]",
    });

export const accountEmail = () =>
  text().regex(/^[^\s@/]+@[^\s@/]+$/, "must be an account's email, such as robot@acme.iam.gserviceaccount.com");
