import type { BatchCounts } from "./batch.js";

/** The steps of a deployment, in their order, and `batch`: a batch prediction. */
export type DeploymentStep =
  | "resolve"
  | "bundle"
  | "upload"
  | "image"
  | "model"
  | "version"
  | "endpoint"
  | "deploy"
  | "traffic"
  | "undeploy"
  | "settings"
  | "delete"
  | "batch";

/** What a long call tells while it runs. */
export type ProgressEvent =
  | {
      type: "step";
      step: DeploymentStep;
      /** `skipped`: what the step would make is already there. */
      status: "started" | "done" | "skipped";
      /** One line for a person, in the terms of the platform. */
      message: string;
    }
  | {
      type: "transfer";
      step: "resolve" | "upload";
      /** Bytes moved or found in place so far, of `totalBytes`. */
      bytes: number;
      totalBytes: number;
      files: number;
      totalFiles: number;
    }
  | {
      type: "operation";
      step: DeploymentStep;
      /** The platform's name of the long-running operation. */
      operation: string;
      /** The platform's own word for how far it is, such as `STARTING_MODEL_SERVER`. */
      stage: string | null;
      elapsedSeconds: number;
      /** The rows of a batch prediction so far. */
      counts?: BatchCounts;
    }
  | { type: "log"; step: DeploymentStep; line: string }
  | { type: "warning"; message: string };

/** Receives the events of one call, in order. What it throws is ignored: watching a deployment never stops one. */
export type OnProgress = (event: ProgressEvent) => void;

/** `onProgress` as a function that is always there and never throws. */
export function safeProgress(onProgress: OnProgress | undefined): OnProgress {
  return (event) => {
    try {
      onProgress?.(event);
    } catch {
      // a listener's bug is not the deployment's failure
    }
  };
}

/** What every step of a long call gets: how to say something, and when to stop. */
export interface StepContext {
  report: OnProgress;
  signal?: AbortSignal | undefined;
}
