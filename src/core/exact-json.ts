import { randomUUID } from "node:crypto";

import { DeploymentError } from "./errors.js";

/** Marks a text that stands for a number. Nobody else knows it, so that no other text can pass for one of these. */
const mark = randomUUID();
const markedNumber = new RegExp(`"${mark}(-?\\d+)"`, "g");

/** Digits of a whole number that is read: more take long to read, and no column holds them. */
const mostDigits = 1000;

/**
 * `JSON.parse`, in which a whole number that JavaScript would round, one beyond 2^53, becomes a BigInt. The mark of UTF-8 that
 * some editors put before a text is stepped over.
 *
 * @param what - What messages call the text.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what is no JSON, and for a number beyond all doubles.
 */
export function parseExactJson(text: string, what = "The input"): unknown {
  const json = text.replace(/^\uFEFF/, "");
  try {
    const value: unknown = JSON.parse(json);
    // only a text that has as many digits in a row, or an exponent, can hold a number that does not fit
    if (!/\d{16}|[eE]\+?\d{3}/.test(json)) return value;
    return withBigInts(json, value);
  } catch (error) {
    if (DeploymentError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `${what} is not valid JSON: ${reason}${advice(reason)}`, {
      cause: error,
    });
  }
}

/** For what Python's json writes, and for JSON Lines. */
function advice(reason: string): string {
  if (/token '?[NI]/.test(reason)) return '. JSON has no NaN and no Infinity: write "NaN" in quotes, or null';
  return reason.includes("after JSON") ? ". One value is expected: several go into an array, [a, b]" : "";
}

/**
 * `JSON.stringify`, in which a BigInt is a number of all its digits.
 *
 * @param value - Data that JSON can hold, but for BigInt: see `checkExactJsonData`.
 */
export function writeExactJson(value: unknown): string {
  let marked = false;
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key: string, item: unknown) {
    // not `item`: somebody may have given BigInt a toJSON
    const held = this[key];
    if (typeof held !== "bigint") return item;
    marked = true;
    return `${mark}${held}`;
  });
  return marked ? text.replace(markedNumber, "$1") : text;
}

/**
 * The number that a text says: a BigInt where it is whole and beyond 2^53.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for one beyond all doubles, or of more than 1,000 digits.
 */
export function exactNumber(token: string): number | bigint {
  const value = Number(token);
  const isWhole = /^[+-]?\d+$/.test(token);
  if (isWhole && !Number.isSafeInteger(value) && token.length <= mostDigits) {
    return BigInt(token.replace(/^\+/, ""));
  }
  if (Number.isFinite(value)) return value;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The number ${token.slice(0, 40)} is too large: ${isWhole ? `it has more than ${mostDigits} digits` : "no double holds it"}. Write it as a text, in quotes.`,
  );
}

/** @param value - What `JSON.parse` made of the text. */
function withBigInts(json: string, value: unknown): unknown {
  const parts: string[] = [];
  let taken = 0;
  for (const { token, at } of numbers(json)) {
    if (typeof exactNumber(token) !== "bigint") continue;
    parts.push(json.slice(taken, at), `"${mark}${token}"`);
    taken = at + token.length;
  }
  if (parts.length === 0) return value;
  return JSON.parse(parts.join("") + json.slice(taken), (_, item: unknown) =>
    typeof item === "string" && item.startsWith(mark) ? BigInt(item.slice(mark.length)) : item,
  );
}

/** The numbers in a text that is valid JSON. Steps over texts, in which there may be anything. */
function* numbers(json: string): Generator<{ token: string; at: number }> {
  const number = /[-\d][-+.\deE]*/y;
  for (let at = 0; at < json.length; at++) {
    const character = json[at] ?? "";
    if (character === '"') {
      at = endOfText(json, at);
    } else if (character === "-" || (character >= "0" && character <= "9")) {
      number.lastIndex = at;
      const [token = character] = number.exec(json) ?? [];
      yield { token, at };
      at += token.length - 1;
    }
  }
}

function endOfText(json: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (json[at] === "\\") at++;
    else if (json[at] === '"' || at >= json.length) return at;
  }
}
