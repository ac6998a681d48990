"""Brings a model from an MLflow server into a bucket as Python does it: MLflow's download_artifacts, then the transfer
manager of google-cloud-storage. The same argument and the same last line as clients/stage.mjs.
"""

import json
import os
import resource
import sys
import tempfile
import time

import mlflow
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.storage import transfer_manager


def main() -> None:
    task = json.loads(sys.argv[1])
    os.environ["STORAGE_EMULATOR_HOST"] = f"http://{task['host']}"
    mlflow.set_tracking_uri(task["trackingUri"])
    client = storage.Client(project=task["project"], credentials=AnonymousCredentials())
    stage(client, task, task["first"], f"first-{task['prefix']}")
    started = time.perf_counter()
    stage(client, task, task["modelUri"], task["prefix"])
    elapsed = time.perf_counter() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"time": elapsed * 1000, "memory": memory}))


def stage(client: storage.Client, task: dict, uri: str, prefix: str) -> None:
    with tempfile.TemporaryDirectory(dir=task["scratch"]) as directory:
        model = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=directory)
        files = [
            os.path.relpath(os.path.join(folder, name), model) for folder, _, names in os.walk(model) for name in names
        ]
        transfer_manager.upload_many_from_filenames(
            client.bucket(task["bucket"]),
            files,
            source_directory=model,
            blob_name_prefix=f"{prefix}/",
            worker_type=transfer_manager.THREAD,
            raise_exception=True,
        )


if __name__ == "__main__":
    main()
