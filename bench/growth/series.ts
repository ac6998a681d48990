/** How a number grows, for one client. */
export interface Line {
  /** Who; `ours` is this package. */
  name: string;
  /** In the order of the series' sizes; null where it was not measured. */
  values: (number | null)[];
}

/** The same measurement over growing sizes. */
export interface Series {
  title: string;
  /** What the sizes count. */
  of: string;
  sizes: readonly number[];
  /** What the values are in. */
  unit: string;
  lines: Line[];
  /** What was left out, and why. */
  notes?: readonly string[];
}
