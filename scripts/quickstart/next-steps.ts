import type { Terminal } from "./terminal.js";

/** Says what the same takes on a real Google Cloud project. */
export function printNextSteps(terminal: Terminal): void {
  terminal.title("The same on Google Cloud");
  terminal.print(`  The APIs    gcloud services enable aiplatform.googleapis.com cloudbuild.googleapis.com \\
                artifactregistry.googleapis.com storage.googleapis.com logging.googleapis.com
  Yourself    gcloud auth application-default login
  Your roles  roles/aiplatform.user, roles/storage.admin (on the bucket), roles/cloudbuild.builds.editor,
              roles/artifactregistry.admin, roles/logging.viewer, and roles/iam.serviceAccountUser on the account
              that builds, which needs storage.objectViewer, artifactregistry.writer and logging.logWriter
  A bucket    gcloud storage buckets create gs://MY-BUCKET --location=europe-west1

  export GOOGLE_CLOUD_PROJECT=MY-PROJECT GOOGLE_CLOUD_LOCATION=europe-west1 production_bucket=MY-BUCKET
  export MLFLOW_TRACKING_URI=http://MY-MLFLOW:5000     # with the model iris: python examples/train_iris.py
  npx tsx examples/quickstart.ts                       # an endpoint costs money until it is deleted, as this does
`);
}
