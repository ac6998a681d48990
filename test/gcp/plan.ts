/** What the run on a real project is asked to do, from the environment. */
export interface Plan {
  project: string;
  location: string;
  bucket: string;
  /** The deployment's name, unique to the run. */
  name: string;
  /** Given, or null: a model is trained. */
  modelUri: string | null;
  /** Whether the question before anything is made is answered already. */
  confirmed: boolean;
}

/** What is missing or wrong in the environment, for a person; or the plan. */
export function planOf(env: NodeJS.ProcessEnv, now: Date): Plan | string {
  if (env["MLFLOW_DEPLOYMENTS_GCP_TEST"] !== "1") {
    return "This deploys to a real Google Cloud project and costs money. To run it, set MLFLOW_DEPLOYMENTS_GCP_TEST=1, GOOGLE_CLOUD_PROJECT and production_bucket (GOOGLE_CLOUD_LOCATION, default us-central1).";
  }
  if (env["AIPLATFORM_EMULATOR_HOST"] && env["MLFLOW_DEPLOYMENTS_GCP_TEST_EMULATOR"] !== "1") {
    return "AIPLATFORM_EMULATOR_HOST is set, so this would not reach Google Cloud. Unset it.";
  }
  const project = env["GOOGLE_CLOUD_PROJECT"];
  const bucket = env["production_bucket"];
  if (!project || !bucket) return "Set GOOGLE_CLOUD_PROJECT and production_bucket.";
  return {
    project,
    bucket,
    location: env["GOOGLE_CLOUD_LOCATION"] || "us-central1",
    name: `test-gcp-${now.toISOString().replaceAll(/\D/g, "").slice(0, 14)}`,
    modelUri: env["MODEL_URI"] || null,
    confirmed: env["MLFLOW_DEPLOYMENTS_GCP_TEST_YES"] === "1",
  };
}

/** What will be made, for a person to agree to. */
export function describePlan({ project, location, bucket, name }: Plan): string {
  return `This makes, in the project ${project}, region ${location}:

  objects           below gs://${bucket}/mlflow-deployments-test-gcp (bundle, model, record); they stay, but for the record
  a build           one Cloud Build of a few minutes, where there is no image of these requirements yet
  an image          in the Artifact Registry repository mlflow-deployments; it stays
  a model version   ${name}; deleted at the end
  an endpoint       ${name}, with one n1-standard-2 replica, then one n1-standard-4, both at once for a while: 20 to 60
                    minutes in all; deleted at the end

Build, replica, storage and requests are billed at Google's prices to the project.`;
}
