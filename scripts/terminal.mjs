/** @typedef {import("./quickstart/terminal.ts").Terminal} Terminal */

/** Width of the column of labels, in characters. */
const labelWidth = 18;
/** Until where a line's text goes, before its time. */
const textWidth = 86;
/** A step that takes longer than this is announced where a line can't be rewritten. Milliseconds. */
const patience = 4000;

/**
 * Tells a person what a script does: one line a step, with its time. On a terminal the line of the running step is rewritten in
 * place; elsewhere only finished lines are printed. Colours: on a terminal, unless `NO_COLOR` is set.
 *
 * @param {NodeJS.WriteStream} [stream]
 * @returns {Terminal}
 */
export function createTerminal(stream = process.stdout) {
  const live = stream.isTTY && process.env.TERM !== "dumb";
  const colours = live && !process.env.NO_COLOR;
  const paint = (code) => (text) => (colours ? `\u001B[${code}m${text}\u001B[0m` : text);
  const [bold, dim, red, green, yellow] = [1, 2, 31, 32, 33].map(paint);

  const print = (text = "") => stream.write(`${text}\n`);
  const rewrite = (text) => stream.write(`\r\u001B[2K${text}`);
  // Some terminals say 0.
  const width = () => Math.min(stream.columns || Infinity, labelWidth + textWidth + 13);

  /** Times are aligned where the text leaves room for it. */
  const finishedLine = (sign, label, text, milliseconds) => {
    const start = `  ${sign} ${label.padEnd(labelWidth)} `;
    const time = `${(milliseconds / 1000).toFixed(1)} s`.padStart(8);
    return `${start}${text.padEnd(Math.min(textWidth, width() - labelWidth - 13))}${dim(time)}`;
  };

  return {
    print,
    bold,
    dim,
    title: (text) => print(`\n${bold(text)}\n`),
    line: (label, text) => print(`  ${green("✓")} ${label.padEnd(labelWidth)} ${text}`),
    failure: (text) => print(`  ${red("✗")} ${text.replaceAll("\n", "\n    ")}`),
    warning: (text) => print(`  ${yellow("!")} ${text.replaceAll("\n", "\n    ")}`),

    async step(label, work) {
      const started = performance.now();
      const show = (text) => {
        if (live) rewrite(`  ${dim("…")} ${label.padEnd(labelWidth)} ${dim(text.slice(0, width() - labelWidth - 6))}`);
      };
      show("");
      let announcement = "";
      const timer = setTimeout(() => !live && print(`  … ${label.padEnd(labelWidth)} ${announcement}`), patience);
      try {
        const text = await work((detail) => show((announcement ||= detail) && detail));
        if (live) rewrite("");
        print(finishedLine(green("✓"), label, text, performance.now() - started));
      } catch (error) {
        if (live) rewrite("");
        print(finishedLine(red("✗"), label, "", performance.now() - started).trimEnd());
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
