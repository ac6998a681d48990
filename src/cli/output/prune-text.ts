import type { PruneItem } from "../../core/prune.js";
import { size } from "../progress/wording.js";
import { oneLine } from "./printable.js";
import type { Table } from "./table.js";

/**
 * Things that no deployment needs, for a person: a line each, with the reason below, and the sum.
 *
 * @param done - `deleted`, or `would be deleted`.
 */
export function pruneLines(items: readonly PruneItem[], done: string): string[] {
  if (items.length === 0) return [`Nothing ${done}: what is there is needed, or younger than an hour.`];
  const total = items.reduce((sum, item) => sum + (item.size ?? 0), 0);
  return [
    ...items.flatMap((item) => [
      `${item.kind.padEnd(8)} ${oneLine(item.name)}${sizeOf(item)}`,
      `         ${oneLine(item.reason)}`,
    ]),
    `${items.length} ${items.length === 1 ? "item" : "items"} ${done}${total === 0 ? "" : `, ${size(total)}`}`,
  ];
}

/** The same as a table. */
export function pruneTable(items: readonly PruneItem[]): Table {
  return {
    headings: ["KIND", "NAME", "SIZE", "CREATED", "REASON"],
    rows: items.map((item) => [
      item.kind,
      item.name,
      item.size === null ? "" : size(item.size),
      item.createTime ?? "",
      item.reason,
    ]),
  };
}

function sizeOf(item: PruneItem): string {
  return item.size === null ? "" : `, ${size(item.size)}`;
}
