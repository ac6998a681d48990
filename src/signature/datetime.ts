/** Times: ISO 8601 as the serving runtime takes it, for `numpy.datetime64` and `pandas.Timestamp`. */
import { expected, Mismatch, quote } from "./words.js";
import type { Write } from "./writer.js";

const iso8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:Z|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)?)?$/;

/** What 64 bits of nanoseconds since 1970 hold; the least of them is "not a time". */
const furthest = 2n ** 63n;

const nanoseconds: Record<string, bigint> = {
  ns: 1n,
  us: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  D: 86_400_000_000_000n,
};

/** A Date is written in UTC, a string stays as it is. */
export const writeDatetime: Write = (value) => {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return checked(value.toISOString(), value);
  return checked(value, value);
};

/**
 * The writer for times of one unit, such as `us`.
 *
 * @returns null for a unit that is not known here.
 */
export function datetimeWriter(unit: string): Write | null {
  const size = Object.hasOwn(nanoseconds, unit) ? nanoseconds[unit] : undefined;
  if (size === undefined) return null;
  return (value) => {
    const written = writeDatetime(value) as string;
    if ((sinceEpoch(written) ?? 0n) % size === 0n) return written;
    throw expected(`datetime64[${unit}], which cannot hold so fine a time`, value);
  };
}

function checked(text: unknown, given: unknown): string {
  if (typeof text !== "string" || (!iso8601.test(text) && !(given instanceof Date))) {
    throw expected('datetime (an ISO 8601 string, as "2026-01-31T12:00:00")', given);
  }
  const time = sinceEpoch(text);
  if (time !== null && time < furthest && time > -furthest) return text;
  throw new Mismatch(`expected datetime, got string ${quote(text)}: no such time, or outside the years 1678 to 2261`);
}

/** Nanoseconds since 1970; null if there is no such time, or it is in no year of four digits. */
function sinceEpoch(text: string): bigint | null {
  const parts = iso8601.exec(text);
  if (!parts) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || second > 59) return null;
  const offset = (parts[8] === "-" ? -1 : 1) * (Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0));
  const seconds = date.getTime() / 1000 + (hour * 60 + minute - offset) * 60 + second;
  return BigInt(seconds) * 1_000_000_000n + BigInt((parts[7] ?? "").padEnd(9, "0"));
}
