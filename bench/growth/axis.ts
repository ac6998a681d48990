/** A logarithmic axis: where on the picture a number is. */
export type Scale = (value: number) => number;

export function logarithmic([low, high]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  const span = Math.log10(high) - Math.log10(low) || 1;
  return (value) => start + ((Math.log10(value) - Math.log10(low)) / span) * (end - start);
}

/** The powers of ten from one that is no more than any of the numbers to one that is no less; always two or more. */
export function powersAround(values: readonly number[]): number[] {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(Math.ceil(Math.log10(Math.max(...values))), first + 1);
  // 10 ** -3 is not quite 0.001
  return Array.from({ length: last - first + 1 }, (_, index) => Number((10 ** (first + index)).toPrecision(1)));
}

/** Those of the numbers whose labels are apart from each other; the largest is always one. */
export function labelled(sizes: readonly number[], x: Scale): number[] {
  const kept: number[] = [];
  let free = Infinity;
  for (const size of sizes.toReversed()) {
    const half = (shortNumber(size).length * characterWidth) / 2;
    if (x(size) + half > free) continue;
    kept.push(size);
    free = x(size) - half - characterWidth;
  }
  return kept;
}

/** At most, of the picture's letters. */
const characterWidth = 7;

/** `1k` for a thousand. */
export function shortNumber(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1000 ? `${value / 1000}k` : String(value);
}

/** With its unit; a thousand milliseconds are a second. */
export function shortQuantity(value: number, unit: string): string {
  if (unit === "ms" && value >= 1000) return `${shortNumber(value / 1000)} s`;
  return `${shortNumber(value)} ${unit}`.trim();
}
