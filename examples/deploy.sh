#!/usr/bin/env bash
# Deploys the model of an MLflow run with the settings of the environment; every one of these can be set by the caller.
#
#   run_id=0123456789abcdef0123456789abcdef examples/deploy.sh
set -euo pipefail

export project_id="${project_id:-${GOOGLE_CLOUD_PROJECT:-my-project}}"
export production_bucket="${production_bucket:-${project_id}-models}"   # a bucket that exists
export production_route="${production_route:-models/iris}"              # a path in it
export run_id="${run_id:?the id of the MLflow run whose model is to be deployed}"
export tracking_uri="${tracking_uri:-${MLFLOW_TRACKING_URI:-http://127.0.0.1:5000}}"
export model_name="${model_name:-iris}"
export version_name="${version_name:-v1}"

cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec npx tsx examples/deploy.ts
