import { z } from "zod";

import { parseJson, table, text, wholeNumber } from "../../settings/values.js";

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
