import { createHash } from "node:crypto";

/** The number of a project, which Google gives beside its id: twelve digits, always the same for the same id. */
export function projectNumber(project: string): string {
  if (/^\d+$/.test(project)) return project;
  const hash = createHash("sha256").update(project).digest();
  return String(100_000_000_000 + (hash.readUIntBE(0, 6) % 900_000_000_000));
}
