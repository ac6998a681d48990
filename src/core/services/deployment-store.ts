import type { DeploymentError } from "../errors.js";
import type { StepContext } from "../progress.js";
import type { DeploymentRecord } from "../record.js";

/** Records of deployments, each written only over the generation that was read: the write is also the lock. */
export interface DeploymentStore {
  /** The record of a deployment; null when there is none. */
  read(name: string, context: StepContext): Promise<StoredRecord | null>;
  /**
   * Writes over `generation` (`null`: there must be none), and gives the new generation.
   *
   * @throws DeploymentError `RESOURCE_CONFLICT` when another writer was first.
   */
  write(record: DeploymentRecord, generation: string | null, context: StepContext): Promise<string>;
  /**
   * Deletes the record of that generation; does nothing if there is none.
   *
   * @throws DeploymentError `RESOURCE_CONFLICT` when another writer was first.
   */
  delete(name: string, generation: string, context: StepContext): Promise<void>;
  /** The records of all deployments that keep their files in the same place, those of other projects and regions too. */
  list(context: StepContext): Promise<RecordList>;
}

/** A record as it was read, and which generation of its object. */
export interface StoredRecord {
  record: DeploymentRecord;
  generation: string;
}

/** What a listing of records found. */
export interface RecordList {
  records: ListedRecord[];
  /** Why others could not be read, each with the name of its object. */
  unreadable: DeploymentError[];
}

/** A record as a listing found it. */
export interface ListedRecord extends StoredRecord {
  /** Where it is: `gs://bucket/…`. */
  uri: string;
  /** Whether it is of this project and region, so that `read` and `delete` reach it by its name. */
  own: boolean;
}
