import type { Row } from "./measurement.js";

const serving = { measurement: "serving", unit: "/s", better: "higher", metric: "requestsPerSecond" } as const;
const milliseconds = { unit: "ms", better: "lower" } as const;
const mlflow = "mlflow models serve";
const mlserver = "MLServer";
const sdk = "Python SDK";
const undici = "undici";
const pythonPath = "Python path";
/** What the two stores can do at the most. */
const undiciCopy = "undici | undici";

/** Rows of what a serving peer is measured by at 8 connections: throughput, latency and processor time. */
function servingRows(peer: string, throughput: number): Row[] {
  return [
    { ...serving, what: "serving, 8 connections", peer, bar: throughput },
    { ...serving, ...milliseconds, what: "serving, 8 connections: p50", metric: "p50", peer, bar: 4 },
    { ...serving, ...milliseconds, what: "serving, 8 connections: p99", metric: "p99", peer, bar: 4 },
    { ...serving, ...milliseconds, what: "serving: CPU time a request", metric: "cpu", peer, bar: throughput },
  ];
}

/** Every row of the table with its bar, which nothing else knows: what the project wants to reach. A row without one shows a limit. */
export const rows: readonly Row[] = [
  {
    ...milliseconds,
    measurement: "import",
    what: "import, over the bare interpreter",
    metric: "time",
    peer: "mlflow.deployments",
    bar: 20,
  },
  { ...milliseconds, measurement: "help", what: "--help", metric: "time", peer: "mlflow deployments", bar: 20 },
  { ...milliseconds, measurement: "list", what: "list, the whole process", metric: "time", peer: sdk, bar: 8 },
  ...servingRows(mlflow, 8),
  ...servingRows(mlserver, 4),
  ...[
    { peer: mlflow, bar: 12 },
    { peer: mlserver, bar: 6 },
  ].map((row): Row => ({ ...serving, measurement: "batching", what: "serving, 64 connections, batched", ...row })),
  ...[mlflow, mlserver].flatMap((peer) =>
    [
      { what: "serving: p99 at a rate that it just holds", metric: "p99", bar: 4 },
      { what: "the same: how late requests were sent, p99", metric: "lateP99", bar: null },
    ].map(({ metric, ...row }): Row => ({
      ...row,
      ...milliseconds,
      measurement: "rate",
      metric: `${metric} at the rate of ${peer}`,
      peer,
    })),
  ),
  ...[
    { what: "serving, 1,000 rows × 50 columns", metric: "records" },
    { what: "serving, an image of 3 × 224 × 224", metric: "image" },
  ].flatMap((row) =>
    [mlflow, mlserver].map((peer): Row => ({
      ...row,
      measurement: "large-requests",
      unit: "/s",
      better: "higher",
      peer,
      bar: 3,
    })),
  ),
  {
    ...milliseconds,
    measurement: "start",
    what: "serving start to first answer",
    metric: "time",
    peer: mlflow,
    bar: 1,
  },
  { measurement: "start", what: "memory at rest", metric: "memory", unit: "MB", better: "lower", peer: mlflow, bar: 1 },
  ...[
    { peer: sdk, bar: 5 },
    { peer: undici, bar: 0.8 },
  ].flatMap((against) =>
    [
      { what: "predict in a loop", metric: "loop" },
      { what: "predict, 64 at a time", metric: "together" },
    ].map((row): Row => ({ ...row, ...against, measurement: "predict", unit: "/s", better: "higher" })),
  ),
  { ...milliseconds, measurement: "split", what: "predict of 100,000 rows", metric: "time", peer: sdk, bar: 5 },
  { ...milliseconds, measurement: "create", what: "createDeployment's own time", metric: "time", peer: sdk, bar: 3 },
  ...[
    { what: "redeploying an unchanged model: bytes sent", metric: "bytes", unit: "B" },
    { what: "the same with 500 files more: requests more", metric: "requestsOfFiles", unit: "" },
    { what: "another model of the same requirements: images built", metric: "builds", unit: "" },
  ].map((row): Row => ({ ...row, measurement: "redeploy", better: "lower", peer: null, bar: 0 })),
  ...[
    { peer: pythonPath, bar: 4 },
    { peer: undiciCopy, bar: null },
  ].map((against): Row => ({
    ...milliseconds,
    ...against,
    measurement: "files",
    what: "staging 5,000 files",
    metric: "time",
  })),
  ...[
    { measurement: "large", what: "staging a large model" },
    { measurement: "large-unlimited", what: "staging a large model, without a network" },
  ].flatMap((row) =>
    [
      { peer: pythonPath, bar: 2 },
      { peer: "curl | curl", bar: 0.9 },
    ].map((against): Row => ({ ...milliseconds, ...row, ...against, metric: "time" })),
  ),
  {
    measurement: "large",
    what: "staging a large model: peak memory",
    metric: "memory",
    unit: "MB",
    better: "lower",
    peer: null,
    bar: 200,
  },
  ...[
    { what: "a model in gs://: bytes through this machine", metric: "ofBucket" },
    { what: "a model of a server: bytes read more than once", metric: "twiceFromServer" },
    { what: "a model of a directory: bytes read more than once", metric: "twiceFromDisk" },
    { what: "redeploying an unchanged model: bytes downloaded", metric: "again" },
  ].map((row): Row => ({ ...row, measurement: "bytes", unit: "MB", better: "lower", peer: null, bar: 0 })),
];
