/** Percentages by the ids of deployed models. */
export type TrafficSplit = Record<string, number>;

/**
 * The split in which `own` has `percent`, and the others share the rest in their proportions; where they have none, evenly.
 *
 * @param others - Those that may have the rest, with their shares as they are.
 * @param own - The id that gets `percent`; null when nothing of it is to stay.
 * @returns Null where nobody could take the rest.
 */
export function splitWith(others: TrafficSplit, own: string | null, percent: number): TrafficSplit | null {
  const rest = 100 - percent;
  if (rest > 0 && Object.keys(others).length === 0) return null;
  const split = proportional(others, rest);
  return own === null ? split : { ...split, [own]: percent };
}

/** `total` in the proportions of `shares`, in whole numbers: what is left over goes to the largest fractions. */
function proportional(shares: TrafficSplit, total: number): TrafficSplit {
  const ids = Object.keys(shares);
  const sum = Object.values(shares).reduce((all, share) => all + share, 0);
  const exact = ids.map((id) => ({ id, share: sum > 0 ? (total * (shares[id] ?? 0)) / sum : total / ids.length }));
  const split = Object.fromEntries(exact.map(({ id, share }) => [id, Math.floor(share)]));
  let left = total - Object.values(split).reduce((all, share) => all + share, 0);
  const byFraction = exact.toSorted((a, b) => (b.share % 1) - (a.share % 1) || (a.id < b.id ? -1 : 1));
  for (const { id } of byFraction) {
    if (left <= 0) break;
    split[id] = (split[id] ?? 0) + 1;
    left--;
  }
  return split;
}

/** Whether two splits are the same, whatever they say of those without a share. */
export function sameSplit(a: TrafficSplit, b: TrafficSplit): boolean {
  const ids = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...ids].every((id) => (a[id] ?? 0) === (b[id] ?? 0));
}
