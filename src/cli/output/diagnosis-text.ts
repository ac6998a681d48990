import type { Diagnosis } from "../../core/diagnosis.js";
import type { CliIo } from "../command.js";
import { oneLine } from "./printable.js";
import { styleOf } from "./style.js";
import type { Table } from "./table.js";
import { pad, textWidth, wrap } from "./text-width.js";

const signs = { ok: "✓", warning: "!", failed: "✗", skipped: "-" } as const;

/** Checks for a person: one below the other with what was found, and under it what to do. Nothing is cut off. */
export function diagnosisLines(checks: readonly Diagnosis[], io: CliIo): string[] {
  const style = styleOf(io, "stdout");
  const paint = { ok: style.green, warning: style.yellow, failed: style.red, skipped: style.dim } as const;
  const labelWidth = Math.max(0, ...checks.map(({ check }) => textWidth(oneLine(check))));
  const indent = " ".repeat(labelWidth + 4);
  const columns = (io.isTerminal.stdout ? io.columns() : undefined) ?? Number.POSITIVE_INFINITY;
  const room = Math.max(20, columns - indent.length - 1);
  const lines = checks.flatMap(({ check, status, message, advice }) => {
    const [first = "", ...more] = wrap(oneLine(message), room);
    const todo = advice === null ? [] : wrap(`→ ${oneLine(advice)}`, room).map(style.bold);
    return [
      `${paint[status](signs[status])} ${pad(oneLine(check), labelWidth)}  ${first}`,
      ...[...more, ...todo].map((line) => indent + line),
    ];
  });
  return [...lines, summary(checks)];
}

/** The same as a table. */
export function diagnosisTable(checks: readonly Diagnosis[]): Table {
  return {
    headings: ["CHECK", "STATUS", "FOUND", "WHAT TO DO"],
    rows: checks.map(({ check, status, message, advice }) => [check, status, message, advice ?? ""]),
  };
}

function summary(checks: readonly Diagnosis[]): string {
  const count = (status: Diagnosis["status"]) => checks.filter((check) => check.status === status).length;
  const others = (["failed", "warning", "skipped"] as const).filter((status) => count(status) > 0);
  return [`${count("ok")} ok`, ...others.map((status) => `${count(status)} ${status}`)].join(", ");
}
