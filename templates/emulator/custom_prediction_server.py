"""Serves a custom prediction routine as AI Platform Prediction did.

    python custom_prediction_server.py PORT MODEL_DIR MODULE.CLASS

The emulator of this package runs it for each model version. The class is imported, its `from_path(MODEL_DIR)` makes the
predictor, and each POST calls `predict(instances, **kwargs)` with the body's `instances` and its other fields. As from
the service, every answer has status 200, and one that failed is `{"error": "..."}`; what is behind "unknown error" is on
standard error. A class that cannot be loaded ends the process, with the reason as the last line of standard error.
"""

import importlib
import json
import signal
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FORMAT = 'The request must be a JSON object with a list "instances".'


class RequestError(Exception):
    """What a request is answered with, in place of predictions."""


def load_predictor(class_name, model_dir):
    module_name, _, name = class_name.rpartition(".")
    predictor_class = getattr(importlib.import_module(module_name), name)
    for method in ("from_path", "predict"):
        if not callable(getattr(predictor_class, method, None)):
            raise TypeError(f"{class_name} has no method {method}")
    return predictor_class.from_path(model_dir)


def answer(predictor, body):
    """The bytes that answer a request."""
    try:
        return json.dumps({"predictions": predict(predictor, *read_request(body))}).encode()
    except RequestError as error:
        message = str(error)
    except (TypeError, ValueError) as error:
        message = f"Failed to json encode the prediction response: {error}"
    print(message, file=sys.stderr, flush=True)
    return json.dumps({"error": message}).encode()


def read_request(body):
    try:
        request = json.loads(body)
    except ValueError:
        raise RequestError(f"The request did not contain valid JSON. {FORMAT}") from None
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        raise RequestError(f"Invalid request. {FORMAT}")
    return request.pop("instances"), request


def predict(predictor, instances, kwargs):
    try:
        predictions = predictor.predict(instances, **kwargs)
    except Exception:
        traceback.print_exc()
        raise RequestError("Prediction failed: unknown error.") from None
    if isinstance(predictions, (list, tuple)):
        return predictions
    raise TypeError(f"predict() must return a list, not {type(predictions).__name__}")


def make_handler(predictor):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send(b"{}")

        def do_POST(self):
            self.send(answer(predictor, self.rfile.read(int(self.headers["Content-Length"] or 0))))

        def send(self, content):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    return Handler


def main(port, model_dir, class_name):
    # The directory of this file is no place for the user's imports.
    sys.path.pop(0)
    try:
        predictor = load_predictor(class_name, model_dir)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        reason = " ".join(f"{error or type(error).__name__}".split())
        sys.exit(f"Failed to load model: Unexpected error when loading the model: {reason}")
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), make_handler(predictor))
    # Requests that have begun are answered; a second thread, because the first one is in serve_forever.
    server.daemon_threads = False
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    with server:
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
