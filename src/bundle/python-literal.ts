const named: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * `value` as a Python string literal in double quotes, of printable ASCII. No quote of either kind is within it, so it stays
 * harmless even inside another string or a comment.
 */
export function pythonString(value: string): string {
  // by code point, because in Python the two halves of a surrogate pair are not one character
  return `"${Array.from(value, escapeCharacter).join("")}"`;
}

function escapeCharacter(character: string): string {
  if (/^[ !#-&(-[\]-~]$/.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (named[character]) return named[character];
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}
