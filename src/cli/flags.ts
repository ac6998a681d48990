/** `--target` of `-t, --target <uri>`. */
export function longFlag(flags: string): string {
  return /--[\w-]+/.exec(flags)?.[0] ?? flags;
}

/** `-t` of `-t, --target <uri>`; undefined where there is none. */
export function shortFlag(flags: string): string | undefined {
  return /^-\w\b/.exec(flags)?.[0];
}

/** `'--target' / '-t'` of `-t, --target <uri>`. */
export function displayedFlags(flags: string): string {
  const short = shortFlag(flags);
  return `'${longFlag(flags)}'${short ? ` / '${short}'` : ""}`;
}

/** `modelUri` of `-m, --model-uri <uri>`. */
export function valueName(flags: string): string {
  return longFlag(flags)
    .slice(2)
    .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Whether the option takes a value. */
export function takesValue(flags: string): boolean {
  return flags.includes("<");
}
