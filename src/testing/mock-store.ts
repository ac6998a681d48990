import { DeploymentError } from "../core/errors.js";
import type { DeploymentRecord } from "../core/record.js";
import type { DeploymentStore, RecordList, StoredRecord } from "../core/services.js";

/** Deployment records in memory. */
export class MockDeploymentStore implements DeploymentStore {
  readonly records = new Map<string, StoredRecord>();

  async read(name: string): Promise<StoredRecord | null> {
    return structuredClone(this.records.get(name) ?? null);
  }

  async write(record: DeploymentRecord, generation: string | null): Promise<string> {
    const current = this.records.get(record.name)?.generation ?? null;
    if (current !== generation) throw changedElsewhere(record.name);
    const next = String(Number(current ?? 0) + 1);
    this.records.set(record.name, { record: structuredClone(record), generation: next });
    return next;
  }

  async delete(name: string, generation: string): Promise<void> {
    if ((this.records.get(name)?.generation ?? generation) !== generation) throw changedElsewhere(name);
    this.records.delete(name);
  }

  async list(): Promise<RecordList> {
    const records = [...this.records].map(([name, stored]) => ({ ...stored, uri: `records/${name}.json`, own: true }));
    return { records: structuredClone(records), unreadable: [] };
  }
}

function changedElsewhere(name: string): DeploymentError {
  return new DeploymentError("RESOURCE_CONFLICT", `The record of "${name}" was changed by another process.`);
}
