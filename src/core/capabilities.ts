/**
 * What a target may lack: a method whose capability its client does not declare rejects with `NOT_IMPLEMENTED`.
 *
 * - `endpoints`: the five endpoint methods, and the option `endpoint` of the others: several deployments on one endpoint.
 * - `predictStream`, `explain`: the methods of those names.
 * - `batch`: `predictBatch`.
 * - `logs`: `getLogs`.
 * - `plan`: `planDeployment`.
 * - `prune`: `planPrune` and `prune`.
 * - `diagnose`: the method of that name.
 * - `background`: `config.sync: false`, and `operation`.
 * - `runLocal`: the function of that name.
 */
export type Capability =
  | "endpoints"
  | "predictStream"
  | "explain"
  | "batch"
  | "logs"
  | "plan"
  | "prune"
  | "diagnose"
  | "background"
  | "runLocal";

/** All capabilities, in the order of their description. */
export const allCapabilities = [
  "endpoints",
  "predictStream",
  "explain",
  "batch",
  "logs",
  "plan",
  "prune",
  "diagnose",
  "background",
  "runLocal",
] as const satisfies readonly Capability[];
