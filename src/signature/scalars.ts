/** Scalars of a signature: what is accepted, with the rules and words of the serving runtime, and how it is written. */
import { datetimeWriter, writeDatetime } from "./datetime.js";
import { describe, expected, isPlainObject, Mismatch, quote } from "./words.js";
import { untypedWriter } from "./untyped.js";
import type { Write } from "./writer.js";

const safe = BigInt(Number.MAX_SAFE_INTEGER);

const writeBoolean: Write = (value) => {
  if (typeof value === "boolean") return value;
  throw expected("boolean (true or false)", value);
};

const writeString: Write = (value) => {
  if (typeof value === "string") return value;
  throw expected("string", value);
};

/** A string is base64 already; bytes become it. */
const writeBinary: Write = (value) => {
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  const encoded = isBase64Object(value) ? value.b64 : value;
  if (typeof encoded !== "string") throw expected('binary (a base64 string, or {"b64": "…"})', value);
  if (encoded.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) return value;
  throw new Mismatch(`expected binary as base64, got ${quote(encoded)}`);
};

export function isBase64Object(value: unknown): value is { b64: unknown } {
  return isPlainObject(value) && Object.keys(value).join() === "b64";
}

/** Values of which nothing is known although there is a signature. */
export const writeAny: Write = untypedWriter("the model's signature does not say what it is", false);

/** The types of columns, properties, items and parameters. */
const columns: Readonly<Record<string, Write>> = {
  boolean: writeBoolean,
  integer: integerWriter("integer", 32, true),
  long: integerWriter("long", 64, true),
  float: realWriter("float", 3.4028234663852886e38),
  double: realWriter("double", Number.MAX_VALUE),
  string: writeString,
  binary: writeBinary,
  datetime: writeDatetime,
};

/** The writer for a column's type; null for one that is no scalar, or not known here. */
export function columnWriter(type: string): Write | null {
  return Object.hasOwn(columns, type) ? (columns[type] ?? null) : null;
}

const largestReals: Readonly<Record<string, number>> = {
  float16: 65504,
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
};

/** The writer for the elements of a tensor, by numpy's name of their type; null for one that is not known here. */
export function elementWriter(dtype: string): Write | null {
  const [, unsigned, bits] = /^(u?)int(8|16|32|64)$/.exec(dtype) ?? [];
  if (bits) return integerWriter(dtype, Number(bits), !unsigned);
  if (Object.hasOwn(largestReals, dtype)) return realWriter(dtype, largestReals[dtype] ?? 0);
  const [, unit] = /^datetime64\[(\w+)\]$/.exec(dtype) ?? [];
  if (unit) return datetimeWriter(unit);
  if (dtype === "bool") return writeBoolean;
  if (dtype === "str") return withoutFinalNul(writeString);
  if (dtype === "bytes") return withoutFinalNul(writeBinary);
  return dtype === "object" ? writeAny : null;
}

/** For strings and bytes that become a numpy array, whose fixed-width items lose NUL characters at their end. */
export function withoutFinalNul(write: Write): Write {
  return (value) => {
    const written = write(value);
    const text = isBase64Object(written) ? written.b64 : written;
    const isBinary = write === writeBinary;
    if (isBinary ? Buffer.from(String(text).slice(-4), "base64").at(-1) === 0 : String(text).endsWith("\0")) {
      throw new Mismatch("a numpy string cannot end in a NUL character");
    }
    return written;
  };
}

/**
 * Whole numbers. Those beyond 2^53 are BigInts, or strings of their digits, in which they are written: a number of that size may
 * have lost its last digits.
 */
function integerWriter(name: string, bits: number, signed: boolean): Write {
  const low = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const high = 2n ** BigInt(signed ? bits - 1 : bits) - 1n;
  const [lowest, highest] = [Number(low), Number(high)];
  const takesDigits = bits === 64;

  const inRange = (number: bigint, value: unknown) => {
    if (number < low || number > high) throw expected(`${name} (from ${low} to ${high})`, value);
  };
  const fromOther = (value: unknown): unknown => {
    if (typeof value === "bigint") {
      inRange(value, value);
      return value >= -safe && value <= safe ? Number(value) : String(value);
    }
    if (takesDigits && typeof value === "string" && isUnsafeInteger(value)) {
      inRange(BigInt(value), value);
      return value;
    }
    throw expected(name, value);
  };
  return (value) => {
    if (typeof value !== "number" || !Number.isInteger(value)) return fromOther(value);
    if (takesDigits && !Number.isSafeInteger(value)) {
      throw new Mismatch(
        `expected ${name}, got ${describe(value)}, whose last digits a double cannot hold; send its digits as a string`,
      );
    }
    if (value < lowest || value > highest) throw expected(`${name} (from ${low} to ${high})`, value);
    return value;
  };
}

/** Whether a text is the digits of an integer that no JSON number may carry. */
export function isUnsafeInteger(text: string): boolean {
  return /^-?[1-9]\d{15,39}$/.test(text) && !Number.isSafeInteger(Number(text));
}

/** Floating-point numbers. What JSON cannot hold is a string, as in the JSON of Protocol Buffers. The sign of -0 is lost. */
function realWriter(name: string, largest: number): Write {
  return (value) => {
    if (typeof value === "number") {
      if (Math.abs(value) <= largest) return value;
      if (!Number.isFinite(value)) return String(value);
    } else if (typeof value === "bigint") {
      const number = Number(value);
      if (Math.abs(number) <= largest) return exactly(number, value, name);
    } else if (value === "NaN" || value === "Infinity" || value === "-Infinity") {
      return value;
    } else {
      throw expected(name, value);
    }
    throw expected(`${name} (of at most ${sixDigits(largest)})`, value);
  };
}

/** The double that a BigInt is, or that it is the shortest way to write. */
function exactly(number: number, value: bigint, name: string): number {
  if (BigInt(number) === value || shortest(number) === value) return number;
  throw new Mismatch(`expected ${name}, got ${describe(value)}, whose last digits a double cannot hold`);
}

/** The integer of the digits that JavaScript writes, which from 1e21 on is with an exponent. */
function shortest(number: number): bigint {
  const [digits = "", exponent = "0"] = String(number).split("e");
  const [whole = "", fraction = ""] = digits.split(".");
  return BigInt(whole + fraction.padEnd(Number(exponent), "0"));
}

/** As Python's `%.6g`. */
function sixDigits(value: number): string {
  return String(Number(value.toPrecision(6)));
}
