import type { Storage, StorageOptions } from "@google-cloud/storage";

/** Gives the client of Cloud Storage. The library is heavy, so it is loaded and made when something first needs it. */
type StorageClient = () => Promise<Storage>;

/** What everything in this folder is made with. */
export interface StorageConnection {
  client: StorageClient;
  /** The email of the identity that requests are made as, for messages; null when it is not known. */
  caller: () => Promise<string | null>;
}

/**
 * How the client should retry. The library repeats what is safe to repeat: reads, and writes that have a precondition,
 * as all writes here do. `RetryAlways` would repeat others too.
 *
 * Of its defaults two are too small for an upload of 10 GB: three retries are for the whole file, and after ten minutes
 * it retries nothing.
 */
export const storageRetryOptions: NonNullable<StorageOptions["retryOptions"]> = {
  autoRetry: true,
  maxRetries: 8,
  retryDelayMultiplier: 2,
  /** Seconds. */
  maxRetryDelay: 32,
  /** Seconds. */
  totalTimeout: 24 * 60 * 60,
};

/** Cloud Storage by Application Default Credentials. */
export function defaultStorageConnection(): StorageConnection {
  let made: Promise<Storage> | undefined;
  return { client: () => (made ??= makeStorage()), caller: async () => null };
}

async function makeStorage(): Promise<Storage> {
  const { Storage: Client } = await import("@google-cloud/storage");
  return new Client({ retryOptions: storageRetryOptions });
}
