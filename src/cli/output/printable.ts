/** An escape sequence of a terminal: CSI, OSC, or another with one letter. */
// oxlint-disable-next-line no-control-regex
const escapeSequence = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\^_])/g;

/**
 * Text that a terminal shows and does not obey: what a server, a model or a log says, without escape sequences and control
 * characters, and without those that turn the direction of writing. Line ends and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(escapeSequence, "").replace(/[^\P{Cc}\n\t]|[\u202A-\u202E\u2066-\u2069]/gu, "");
}

/** The same, in one line. */
export function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, " ").trim();
}
