import type { Clock } from "../../../core/clock.js";
import { GoogleCaller } from "../google/call.js";
import type { GoogleConnection } from "../google/connection.js";
import type { GoogleService } from "../google/failure.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";

/** Where the checks of Google Cloud look. */
export interface Place {
  settings: AiPlatformSettings;
  connection: GoogleConnection;
  clock: Clock;
  env: NodeJS.ProcessEnv;
  /** How long a request may take, in milliseconds. */
  timeoutMs: number;
  /** The project of the settings, or else of the credentials; null when neither tells one. */
  project: () => Promise<string | null>;
}

/** Sends one request of a check: once, as a check is to say what happens now. */
export function ask<T>(
  { connection, clock }: Place,
  service: GoogleService,
  doing: string,
  signal: AbortSignal,
  send: (settings: { signal?: AbortSignal }) => Promise<{ data: T }>,
): Promise<T> {
  return new GoogleCaller(connection, service, clock).run({ doing, signal, attempts: 1 }, send);
}

/** The account that is called as, for the middle of a sentence. */
export async function callerOf({ connection }: Place): Promise<string> {
  return (await connection.caller()) ?? "the account of your credentials";
}

/** For the beginning of a sentence; an account's email stays as it is. */
export function capitalized(account: string): string {
  return account.includes("@") ? account : account.charAt(0).toUpperCase() + account.slice(1);
}
