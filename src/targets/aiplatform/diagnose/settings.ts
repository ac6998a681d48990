import type { LoadedSettings } from "../config/load-settings.js";
import { type Finding, ok } from "./check.js";

/** Which settings somebody has named; that they are right, their loading has shown. */
export function settingsFinding({ given }: LoadedSettings): Finding {
  if (given.size === 0) return ok("No setting is given: all have their defaults.");
  return ok(`Given are ${[...given].toSorted().join(", ")}.`);
}
