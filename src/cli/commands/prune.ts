import type { PruneItem } from "../../core/prune.js";
import type { TargetCall } from "../target-command.js";
import { targetCommand } from "../target-command.js";
import { configOption, targetOption, yesOption } from "../target-options.js";
import { UsageError } from "../usage-error.js";

interface PruneValues {
  keepVersions: number;
  dryRun?: boolean;
  yes?: boolean;
}

export const pruneCommand = targetCommand({
  name: "prune",
  summary: "Delete what no deployment needs any more: versions, images, files, records.",
  details: `It shows what it would delete, and asks. Where nobody can be asked it needs
--yes or --dry-run.`,
  options: [
    targetOption,
    configOption,
    {
      flags: "--keep-versions <number>",
      description: "how many versions of each model stay though nothing needs them, the newest",
      default: "0",
      parse: parseCount,
    },
    { flags: "--dry-run", description: "only show what would be deleted" },
    yesOption,
  ],
  events: true,
  forms: true,
  run: async (call, values) => {
    const { keepVersions, dryRun, yes } = values as unknown as PruneValues;
    if (!dryRun && !yes && !call.canAsk) throw new UsageError("Nobody can be asked here: give --yes or --dry-run.");
    const items = await call.long((options) => call.client.planPrune({ ...options, keepVersions }));
    const { pruneLines, pruneTable } = await import("../output/prune-text.js");
    if (dryRun || items.length === 0) {
      return { result: items, text: pruneLines(items, "would be deleted").join("\n"), table: pruneTable(items) };
    }
    if (call.canAsk) await ask(call, items);
    const deleted = await call.long((options) => call.client.prune(items, { ...options, keepVersions }));
    return { result: deleted, text: pruneLines(deleted, "deleted").join("\n"), table: pruneTable(deleted) };
  },
});

async function ask({ io }: TargetCall, items: readonly PruneItem[]): Promise<void> {
  const { pruneLines } = await import("../output/prune-text.js");
  const { confirm } = await import("../confirm.js");
  for (const line of pruneLines(items, "would be deleted")) io.err(line);
  await confirm("Delete them?", io);
}

function parseCount(typed: string): number {
  if (!/^\d+$/.test(typed)) throw new Error("It is a whole number from 0 up.");
  return Number(typed);
}
