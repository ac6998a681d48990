"""Predicts with Google's Python SDK, over and over: the same argument and the same last line as clients/predict.mjs.

Many rows go in requests of `chunk` rows, one after the other, since the SDK does not split.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import sdk
from google.cloud import aiplatform


def main() -> None:
    task = json.loads(sys.argv[1])
    sdk.init(task)
    endpoint = aiplatform.Endpoint(task["endpoint"])
    print(json.dumps(repeat(endpoint, task) if "seconds" in task else in_chunks(endpoint, task)))


def repeat(endpoint: aiplatform.Endpoint, task: dict) -> dict:
    predictions = endpoint.predict(instances=task["rows"]).predictions
    # as in clients/repeat.mjs: connections are open, and threads are there
    rate(endpoint, task, 1)
    return {"requestsPerSecond": rate(endpoint, task, task["seconds"]), "predictions": predictions}


def rate(endpoint: aiplatform.Endpoint, task: dict, seconds: float) -> float:
    rows, concurrency = task["rows"], task["concurrency"]
    started = time.perf_counter()

    def loop() -> int:
        requests = 0
        while time.perf_counter() < started + seconds:
            endpoint.predict(instances=rows)
            requests += 1
        return requests

    if concurrency == 1:
        requests = loop()
    else:
        with ThreadPoolExecutor(concurrency) as threads:
            requests = sum(each.result() for each in [threads.submit(loop) for _ in range(concurrency)])
    return requests / (time.perf_counter() - started)


def in_chunks(endpoint: aiplatform.Endpoint, task: dict) -> dict:
    rows = [[row / 8 + column for column in range(10)] for row in range(task["rows"])]
    endpoint.predict(instances=rows[:1])
    started = time.perf_counter()
    predictions = []
    for start in range(0, len(rows), task["chunk"]):
        predictions += endpoint.predict(instances=rows[start : start + task["chunk"]]).predictions
    elapsed = time.perf_counter() - started
    return {"time": elapsed * 1000, "count": len(predictions), "sum": sum(predictions)}


if __name__ == "__main__":
    main()
