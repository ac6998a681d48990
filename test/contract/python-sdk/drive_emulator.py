"""Drives the emulator with Google's own Python SDK, as a client that was not written here.

It uploads a model and a version of it, creates an endpoint, deploys, predicts, lists, undeploys and deletes, explains
predictions, does the same at a private endpoint, runs a batch prediction job, and prints what it saw as one JSON object. Anything that the SDK can't do against the emulator is its traceback and exit code 1.

    python drive_emulator.py --url http://127.0.0.1:9090 --image LOCATION-docker.pkg.dev/… --artifact-uri gs://…

Needs `google-cloud-aiplatform`. The image must have been built in the emulator, and the bucket made there.
"""

import argparse
import json
import logging
import os
import sys

# Before the SDK is imported, which would else log to standard output.
logging.basicConfig(stream=sys.stderr)

from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="the emulator, such as http://127.0.0.1:9090")
    parser.add_argument("--image", required=True, help="URI of an image that was built in the emulator")
    parser.add_argument("--artifact-uri", required=True, help="gs:// URI of the model's directory")
    parser.add_argument("--project", default="acme")
    parser.add_argument("--location", default="europe-west1")
    parser.add_argument("--predict-route", default="/predict")
    parser.add_argument("--health-route", default="/health")
    parser.add_argument("--instances", type=json.loads, default=[[5.1, 3.5, 1.4, 0.2]], help="JSON list")
    parser.add_argument("--batch-source", required=True, help="gs:// URI of the instances, as JSON lines")
    parser.add_argument("--batch-destination", required=True, help="gs:// URI of a directory for their predictions")
    parser.add_argument("--parameters", type=json.loads, default=None, help="JSON object")
    return parser.parse_args()


def upload(options: argparse.Namespace, **version) -> aiplatform.Model:
    return aiplatform.Model.upload(
        display_name="iris",
        artifact_uri=options.artifact_uri,
        serving_container_image_uri=options.image,
        serving_container_predict_route=options.predict_route,
        serving_container_health_route=options.health_route,
        serving_container_environment_variables={"GREETING": "hello"},
        labels={"driven-by": "python-sdk"},
        **version,
    )


def versions(model: aiplatform.Model) -> list[dict]:
    listed = model.versioning_registry.list_versions()
    return [{"id": each.version_id, "aliases": sorted(each.version_aliases)} for each in listed]


def register(options: argparse.Namespace) -> tuple[aiplatform.Model, dict]:
    first = upload(options, model_id="sdk-iris", version_aliases=["champion"])
    second = upload(options, parent_model=first.resource_name, is_default_version=False, version_aliases=["challenger"])
    first.versioning_registry.add_version_aliases(["stable"], first.version_id)
    seen = {
        "model": first.resource_name,
        "labels": dict(first.labels),
        "uploaded_versions": [first.version_id, second.version_id],
        "versions": versions(first),
        "by_alias": aiplatform.Model("sdk-iris@challenger").version_id,
        "listed_models": [each.name for each in aiplatform.Model.list(filter="labels.driven-by=python-sdk")],
    }
    return first, seen


def serve(options: argparse.Namespace, model: aiplatform.Model) -> tuple[aiplatform.Endpoint, dict]:
    endpoint = aiplatform.Endpoint.create(display_name="sdk", endpoint_id="sdk-endpoint", labels={"driven-by": "python-sdk"})
    resources = {"machine_type": "n1-standard-2", "min_replica_count": 1, "max_replica_count": 2}
    endpoint.deploy(model, deployed_model_display_name="first", traffic_percentage=100, **resources)
    second = aiplatform.Model("sdk-iris@challenger")
    endpoint.deploy(second, deployed_model_display_name="second", traffic_percentage=0, **resources)
    answer = endpoint.predict(instances=options.instances, parameters=options.parameters)
    seen = {
        "endpoint": endpoint.resource_name,
        "listed_endpoints": [each.name for each in aiplatform.Endpoint.list(filter='display_name="sdk"')],
        "deployed": [
            {"display_name": each.display_name, "version": each.model_version_id} for each in endpoint.list_models()
        ],
        "traffic": sorted(endpoint.traffic_split.values()),
        "predictions": answer.predictions,
        "served_by": {"model": answer.model_resource_name, "version": answer.model_version_id},
    }
    return endpoint, seen


def explain(options: argparse.Namespace, model: aiplatform.Model) -> dict:
    """The image's predictions are the sums of rows, so that each number is its own attribution."""
    endpoint = aiplatform.Endpoint.create(display_name="explained")
    endpoint.deploy(
        model,
        machine_type="n1-standard-2",
        explanation_metadata=aiplatform.explain.ExplanationMetadata(inputs={"row": {}}, outputs={"sum": {}}),
        explanation_parameters=aiplatform.explain.ExplanationParameters(
            {"sampled_shapley_attribution": {"path_count": 5}}
        ),
    )
    answer = endpoint.explain(instances=options.instances)
    endpoint.delete(force=True)
    attributions = [each.attributions[0] for each in answer.explanations]
    return {
        "explained": [list(each.feature_attributions["row"]) for each in attributions],
        "explained_values": [each.instance_output_value for each in attributions],
        "explained_output": attributions[0].output_name,
    }


def serve_privately(options: argparse.Namespace, model: aiplatform.Model) -> dict:
    endpoint = aiplatform.PrivateEndpoint.create(
        display_name="private", network="projects/123456789012/global/networks/default"
    )
    endpoint.deploy(model, machine_type="n1-standard-2")
    answer = endpoint.predict(instances=options.instances)
    raw = endpoint.raw_predict(
        body=json.dumps({"instances": options.instances}).encode(), headers={"Content-Type": "application/json"}
    )
    seen = {
        "private_predictions": answer.predictions,
        "private_served_by": answer.deployed_model_id == endpoint.list_models()[0].id,
        "private_raw": json.loads(raw.data)["predictions"],
        "private_health": endpoint.health_check(),
    }
    endpoint.delete(force=True)
    return seen


def predict_batch(options: argparse.Namespace, model: aiplatform.Model) -> dict:
    job = model.batch_predict(
        job_display_name="sdk-batch",
        gcs_source=options.batch_source,
        gcs_destination_prefix=options.batch_destination,
        machine_type="n1-standard-2",
        batch_size=2,
        labels={"driven-by": "python-sdk"},
        sync=True,
    )
    files = {blob.name.split("/")[-1]: blob.download_as_text() for blob in job.iter_outputs()}
    listed = aiplatform.BatchPredictionJob.list(filter='display_name="sdk-batch" AND state="JOB_STATE_SUCCEEDED"')
    seen = {
        "batch_state": job.state.name,
        "batch_counts": [job.completion_stats.successful_count, job.completion_stats.failed_count],
        "batch_directory": job.output_info.gcs_output_directory,
        "batch_files": files,
        "batch_listed": [each.resource_name == job.resource_name for each in listed],
    }
    job.delete()
    return {**seen, "batch_left": len(aiplatform.BatchPredictionJob.list())}


def refusals(endpoint: aiplatform.Endpoint, model: aiplatform.Model) -> dict:
    """What must fail, by the class of the SDK's exception."""
    attempts = {
        "delete_deployed_endpoint": lambda: endpoint.delete(),
        "delete_deployed_model": lambda: model.delete(),
        "same_endpoint_id": lambda: aiplatform.Endpoint.create(display_name="sdk", endpoint_id="sdk-endpoint"),
        "missing_model": lambda: aiplatform.Model("nothing-of-this-name"),
    }
    seen = {}
    for name, attempt in attempts.items():
        try:
            attempt()
            seen[name] = "accepted"
        except exceptions.GoogleAPICallError as error:
            seen[name] = type(error).__name__
    return seen


def main() -> None:
    options = arguments()
    os.environ["STORAGE_EMULATOR_HOST"] = options.url  # for the output of a batch prediction job
    aiplatform.init(
        project=options.project,
        location=options.location,
        credentials=AnonymousCredentials(),
        api_endpoint=options.url,
        api_transport="rest",
    )
    model, registered = register(options)
    endpoint, served = serve(options, model)
    refused = refusals(endpoint, model)
    endpoint.update(description="driven by the SDK", labels={"driven-by": "python-sdk", "updated": "yes"})
    first, second = sorted(endpoint.list_models(), key=lambda each: each.display_name)
    endpoint.update(traffic_split={first.id: 0, second.id: 100})
    endpoint.undeploy(first.id)
    remaining = [each.display_name for each in endpoint.list_models()]
    endpoint.undeploy_all()
    endpoint.delete()
    explained = explain(options, model)
    peered = serve_privately(options, model)
    batch = predict_batch(options, model)
    model.versioning_registry.delete_version("2")
    model.delete()
    gone = {
        "endpoints": [each.name for each in aiplatform.Endpoint.list()],
        "models": [each.name for each in aiplatform.Model.list()],
    }
    seen = {**registered, **served, **explained, **peered, **batch}
    print(json.dumps({**seen, "refused": refused, "after_undeploy": remaining, "left": gone}))


if __name__ == "__main__":
    main()
