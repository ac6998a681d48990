/** "Requirements for labels": at most 63 characters of a value. */
const maxLabelLength = 63;

/** A label's value that stands for a text: lower case, other characters than letters, digits, `_` and `-` as `-`, cut at 63. */
export function labelValue(text: string): string {
  return withoutAccents(text)
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "-")
    .slice(0, maxLabelLength);
}

/** `ä` as `a`. */
export function withoutAccents(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "");
}
