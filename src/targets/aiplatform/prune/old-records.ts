import type { ListedRecord } from "../../../core/services.js";
import { isHeld } from "../../../rollout/lock.js";

/** How long the history of a deleted deployment is kept. Milliseconds. */
const keptMs = 30 * 24 * 60 * 60_000;

/** The records of this project and region whose deployment was deleted long ago, and that nobody works with. */
export function oldRecords(records: readonly ListedRecord[], now: number): ListedRecord[] {
  return records.filter(
    ({ own, record: { deletedAt, lock } }) =>
      own && deletedAt !== null && now - Date.parse(deletedAt) > keptMs && !(lock && isHeld(lock, now)),
  );
}
