import type { DeploymentPlan } from "../../core/plan.js";
import { oneLine } from "./printable.js";
import type { Style } from "./style.js";
import type { Table } from "./table.js";

const signs = { create: "+", change: "~", delete: "-", skip: " " } as const;

/** A plan for a person: what would be done, what differs, and the steps. */
export function planLines(plan: DeploymentPlan, style: Style): string[] {
  const { name, action, reason, differences, steps } = plan;
  const lines = [headings[action](`Deployment ${oneLine(name)}`, reason === null ? "" : `: ${oneLine(reason)}`)];
  for (const difference of differences) lines.push(`  ${oneLine(difference)}`);
  if (steps.length > 0) lines.push("Steps:");
  const paint = { create: style.green, change: style.yellow, delete: style.red, skip: style.dim } as const;
  for (const { step, action: act, message } of steps) {
    lines.push(paint[act](`  ${signs[act]} ${act.padEnd(6)} ${step.padEnd(8)} ${oneLine(message)}`));
  }
  return lines;
}

const headings = {
  create: (what: string, reason: string) => `${what} would be created${reason}`,
  update: (what: string, reason: string) => `${what} would be updated${reason}`,
  none: (what: string, reason: string) => `${what} is as it should be${reason}`,
  refuse: (what: string, reason: string) => `${what} would be refused${reason}`,
} as const satisfies Record<DeploymentPlan["action"], unknown>;

/** The steps of a plan as a table. */
export function planTable({ steps }: DeploymentPlan): Table {
  return {
    headings: ["ACTION", "STEP", "WHAT"],
    rows: steps.map(({ action, step, message }) => [action, step, message]),
  };
}
