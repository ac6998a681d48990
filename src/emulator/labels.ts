const longestLabel = 64;

/** Letters of any script without a case, or lower case; the rules allow international characters. */
const labelPattern = /^[\p{Ll}\p{Lo}\p{N}_-]*$/u;

const labelRule = `at most ${longestLabel} characters, only lowercase letters, numbers, underscores and dashes`;

/** What is wrong with the labels of a resource, by the rules that Google's services share ("Requirements for labels"). */
export function labelProblems(labels: Readonly<Record<string, string>>): string[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...(/^[\p{Ll}\p{Lo}]/u.test(key) && isLabel(key)
      ? []
      : [`Label key "${key}" is invalid: ${labelRule}, and must begin with a letter.`]),
    ...(isLabel(value) ? [] : [`Label value "${value}" is invalid: ${labelRule}.`]),
  ]);
}

function isLabel(text: string): boolean {
  return Array.from(text).length <= longestLabel && labelPattern.test(text);
}
