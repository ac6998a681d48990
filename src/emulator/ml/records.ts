import { randomBytes } from "node:crypto";

import type { JsonObject } from "../proto/parse.js";
import type { Installation } from "./prediction-runtime.js";

/** `Model` as the emulator keeps it. */
export interface ModelRecord {
  /** `projects/PROJECT/models/MODEL`, with the project's id. */
  name: string;
  description?: string;
  labels?: Record<string, string>;
  regions: string[];
  onlinePredictionLogging?: boolean;
  onlinePredictionConsoleLogging?: boolean;
  etag: string;
  /** Name of the version that answers requests to the model. */
  defaultVersion?: string;
}

/** `Version` as the emulator keeps it. */
export interface VersionRecord {
  /** `{model}/versions/VERSION`. */
  name: string;
  /** What was asked for: the fields of a `Version` that the caller sets. */
  settings: VersionSettings;
  state: "CREATING" | "READY" | "FAILED";
  errorMessage?: string;
  createTime: string;
  lastUseTime?: string;
  etag: string;
  /** Where its model and packages are on this machine; gone with the version. */
  directory: string;
  /** What it runs with, once that is made. */
  installation?: Installation;
}

/** What a version that passed the rules has, beside what is only kept. */
export interface VersionSettings extends JsonObject {
  deploymentUri: string;
  predictionClass: string;
  packageUris: string[];
  machineType: string;
}

/** The version's model. */
export function modelOf(version: string): string {
  return version.slice(0, version.lastIndexOf("/versions/"));
}

/** The last part of a resource's name. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** An etag that no resource had before. */
export function newEtag(): string {
  return randomBytes(8).toString("base64");
}
