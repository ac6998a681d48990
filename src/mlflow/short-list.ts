const mostShown = 10;

/** The first ten of these, and how many more there are. */
export function shortList(values: readonly string[]): string {
  const shown = values.slice(0, mostShown).join(", ");
  return values.length > mostShown ? `${shown} and ${values.length - mostShown} more` : shown;
}
