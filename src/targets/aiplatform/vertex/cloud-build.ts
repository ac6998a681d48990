import type { cloudbuild_v1 } from "googleapis/build/src/apis/cloudbuild/v1.js";

import type { ImageRequest } from "../../../core/services.js";

export type Build = cloudbuild_v1.Schema$Build;

/** The image of Cloud Build's own docker client ("Cloud builders"). */
const dockerBuilder = "gcr.io/cloud-builders/docker";

const finished: ReadonlySet<string> = new Set([
  "SUCCESS",
  "FAILURE",
  "INTERNAL_ERROR",
  "TIMEOUT",
  "CANCELLED",
  "EXPIRED",
]);

/** What a build is told beside its source. */
export interface BuildSettings {
  /** The image with each of its tags. */
  images: readonly string[];
  /** Seconds. */
  timeout: number;
  /** Full name, `projects/p/serviceAccounts/email`; null for the project's default account for builds. */
  serviceAccount: string | null;
}

/** The build as `projects.locations.builds.create` takes it. */
export function buildResource(request: ImageRequest, settings: BuildSettings): Build {
  const { bucket, object, generation } = request.source;
  const images = settings.images.map(literal);
  return {
    source: { storageSource: { bucket, object, generation } },
    steps: [
      {
        name: dockerBuilder,
        args: ["build", ...images.flatMap((image) => ["--tag", image]), "."],
        dir: literal(request.directory),
      },
    ],
    images,
    tags: ["mlflow-deployments", buildTag(request.environmentHash)],
    timeout: `${settings.timeout}s`,
    // a service account of the user's own may not write to the default bucket of logs
    options: { logging: "CLOUD_LOGGING_ONLY" },
    ...(settings.serviceAccount !== null && { serviceAccount: settings.serviceAccount }),
  };
}

/** The tag by which a build of the same environment is found while it runs. */
function buildTag(environmentHash: string): string {
  return `env-${environmentHash.slice(0, 40)}`;
}

/** For `builds.list`, which gives the newest first: the builds of an environment. */
export function buildsOf(environmentHash: string): string {
  return `tags="${buildTag(environmentHash)}"`;
}

export function isFinished(build: Build): boolean {
  return finished.has(build.status ?? "");
}

/** The digest of the image that a build pushed; null when its results do not say it. */
export function pushedDigest(build: Build): string | null {
  return build.results?.images?.[0]?.digest ?? null;
}

/** Why a build failed, in Cloud Build's own words. */
export function failureReason(build: Build): string {
  const reasons = [build.failureInfo?.detail, build.statusDetail].filter((reason) => reason);
  return `${build.status}${reasons.length > 0 ? `: ${[...new Set(reasons)].join(" ")}` : ""}`;
}

/** `$` begins a substitution in a build's fields; `$$` is a `$` ("Substituting variable values"). */
function literal(value: string): string {
  return value.replaceAll("$", () => "$$");
}
