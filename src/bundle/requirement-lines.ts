import { DeploymentError } from "../core/errors.js";

/** A line of a requirements file as pip understands it: continuations joined, without its comment, one blank at a time. */
export interface SourceLine {
  text: string;
  /** Refuses the line, by an error that says where it is. */
  refuse: (problem: string) => never;
}

const longestLine = 2000;

/**
 * The lines of a requirements file that say something.
 *
 * @param origin - What messages call it.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` with the line's number, for one that pip and this package could understand
 * differently, or that holds a credential; never with a credential or a query.
 */
export function sourceLines(text: string, origin: string): SourceLine[] {
  const lines: SourceLine[] = [];
  for (const { number, joined } of joinedLines(text)) {
    // as pip does it: a # within a URL begins no comment
    const line = joined
      .replaceAll(/[ \t]+/g, " ")
      .replace(/(^|\s)#.*$/s, "")
      .trim();
    if (line === "") continue;
    const refuse = (problem: string): never => {
      throw new DeploymentError("INVALID_PARAMETER_VALUE", `${origin}, line ${number}: ${problem}.`);
    };
    checkText(line, refuse);
    lines.push({ text: line, refuse });
  }
  return lines;
}

/** As pip does it: a backslash at its end joins a line to the next, but not one of a comment. `number` is that of the first. */
function joinedLines(text: string): { number: number; joined: string }[] {
  const found: { number: number; joined: string }[] = [];
  let begun: { number: number; joined: string } | undefined;
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .entries()) {
    const isComment = /^\s*#/.test(line);
    const goesOn = line.endsWith("\\") && !isComment;
    const current = begun ?? { number: index + 1, joined: "" };
    current.joined += goesOn ? line.replaceAll(/^\\+|\\+$/g, "") : isComment ? ` ${line}` : line;
    begun = goesOn ? current : undefined;
    if (!goesOn) found.push(current);
  }
  return begun === undefined ? found : [...found, begun];
}

function checkText(line: string, refuse: SourceLine["refuse"]): void {
  if (line.length > longestLine) refuse(`it has more than ${longestLine} characters`);
  if (!/^[ -~]+$/.test(line)) refuse("it has control characters or others than ASCII");
  if (line.includes("${")) refuse("it needs an environment variable, which is not set where the image is built");
  const users = [...line.matchAll(/:\/\/([^/?#\s]*)@/g)];
  // a password with a slash, which should have been encoded; in host:443/a@b there is none
  const hasSlashed = /:\/\/[^/?#\s@:]*:(?!\d+[/?#])[^\s?#]*@/.test(line);
  if (hasSlashed || users.some(([, user]) => user !== "git")) {
    refuse("its URL holds a user name or a password; no bundle may hold one");
  }
  const queried = /(?:https?|ssh):\/\/[^?#\s]*(?=\?)/i.exec(line)?.[0];
  if (queried !== undefined) refuse(`the query of ${queried} can hold a credential; no bundle may hold one`);
}
