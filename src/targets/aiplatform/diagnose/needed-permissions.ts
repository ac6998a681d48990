import type { AiPlatformSettings } from "../config/setting-rules.js";

/** Permissions in the project that come with one role. */
export interface NeededPermissions {
  /** The smallest predefined role that has them ("IAM roles" of each product). */
  role: string;
  permissions: readonly string[];
  /** What cannot be done without, where a deployment can do without; null where it cannot. */
  onlyFor: string | null;
}

const vertex: readonly NeededPermissions[] = [
  {
    role: "roles/aiplatform.user",
    permissions: [
      ...["delete", "get", "list", "update", "upload"].map((what) => `aiplatform.models.${what}`),
      ...["create", "delete", "deploy", "get", "list", "predict", "undeploy", "update"].map(
        (what) => `aiplatform.endpoints.${what}`,
      ),
    ],
    onlyFor: null,
  },
  {
    role: "roles/aiplatform.user",
    permissions: ["cancel", "create", "get", "list"].map((what) => `aiplatform.batchPredictionJobs.${what}`),
    onlyFor: "predictBatch",
  },
];

const build: readonly NeededPermissions[] = [
  {
    role: "roles/cloudbuild.builds.editor",
    permissions: ["create", "get", "list"].map((what) => `cloudbuild.builds.${what}`),
    onlyFor: null,
  },
  {
    role: "roles/artifactregistry.reader",
    permissions: ["artifactregistry.repositories.get", "artifactregistry.tags.get"],
    onlyFor: null,
  },
  {
    role: "roles/artifactregistry.admin",
    permissions: ["artifactregistry.repositories.create"],
    onlyFor: "the repository of images, unless it is there",
  },
  {
    role: "roles/artifactregistry.repoAdmin",
    permissions: ["artifactregistry.versions.list", "artifactregistry.versions.delete"],
    onlyFor: "prune",
  },
];

const legacy: readonly NeededPermissions[] = [
  {
    role: "roles/ml.admin",
    permissions: ["models", "versions"].flatMap((what) =>
      ["create", "delete", "get", "list", "predict", "update"].map((method) => `ml.${what}.${method}`),
    ),
    onlyFor: null,
  },
];

const logs: readonly NeededPermissions[] = [
  { role: "roles/logging.viewer", permissions: ["logging.logEntries.list"], onlyFor: "logs, those of failures too" },
];

/** What a caller needs in the project, by the settings. */
export function neededPermissions({ platform, serving }: AiPlatformSettings): NeededPermissions[] {
  if (platform === "legacy") return [...legacy, ...logs];
  return [...vertex, ...(serving === "build" ? build : []), ...logs];
}
