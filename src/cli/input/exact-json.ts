import { DeploymentError } from "../../core/errors.js";

/**
 * `JSON.parse`, which refuses a whole number that JavaScript would round: one beyond 2^53. The mark of UTF-8 that some editors
 * put before a text is stepped over.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE`
 */
export function parseExactJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `The input is not valid JSON: ${reason}`, { cause: error });
  }
  for (const token of numbers(text)) exactNumber(token);
  return value;
}

/**
 * The number that a text says.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for a whole number beyond 2^53, and for one beyond all doubles
 */
export function exactNumber(token: string): number {
  const value = Number(token);
  const rounded = /^[+-]?\d+$/.test(token) && !Number.isSafeInteger(value);
  if (!rounded && Number.isFinite(value)) return value;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The number ${token.slice(0, 40)} in the input is too large: it would be rounded. Whole numbers may go up to ±${Number.MAX_SAFE_INTEGER}; write an identifier as a text, in quotes.`,
  );
}

/** The numbers in a text that is valid JSON. Steps over texts, in which there may be anything. */
function* numbers(text: string): Generator<string> {
  const token = /[-\d][-+.\deE]*/y;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"') {
      at = endOfText(text, at);
    } else if (character === "-" || (character >= "0" && character <= "9")) {
      token.lastIndex = at;
      const [found = character] = token.exec(text) ?? [];
      yield found;
      at += found.length - 1;
    }
  }
}

function endOfText(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"' || at >= text.length) return at;
  }
}
