"""Deploys a model with Google's Python SDK: upload, endpoint, deploy. Its artifacts and its image are there.

The same argument and the same last line as clients/create.mjs, and an untimed deployment before, too.
"""

import json
import sys
import time

import sdk
from google.cloud import aiplatform


def main() -> None:
    task = json.loads(sys.argv[1])
    sdk.init(task)
    create(task, f"first-{task['name']}").undeploy_all()
    started = time.perf_counter()
    endpoint = create(task, task["name"])
    elapsed = time.perf_counter() - started
    name = endpoint.resource_name
    endpoint.undeploy_all()
    print(json.dumps({"time": elapsed * 1000, "endpoint": name}))


def create(task: dict, name: str) -> aiplatform.Endpoint:
    container = task["containerSpec"]
    model = aiplatform.Model.upload(
        display_name=name,
        artifact_uri=task["artifactUri"],
        serving_container_image_uri=container["imageUri"],
        serving_container_predict_route=container["predictRoute"],
        serving_container_health_route=container["healthRoute"],
        serving_container_ports=[port["containerPort"] for port in container["ports"]],
    )
    endpoint = aiplatform.Endpoint.create(display_name=name)
    endpoint.deploy(model, machine_type="n1-standard-2", traffic_percentage=100)
    return endpoint


if __name__ == "__main__":
    main()
