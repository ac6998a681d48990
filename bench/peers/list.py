"""Lists what is deployed with Google's Python SDK.

    python list.py '{"host": "127.0.0.1:8080", "project": "acme", "location": "us-central1"}'

Prints the names of the deployed models as JSON.
"""

import json
import sys

import sdk
from google.cloud import aiplatform


def main() -> None:
    place = json.loads(sys.argv[1])
    sdk.init(place)
    print(json.dumps([model.display_name for endpoint in aiplatform.Endpoint.list() for model in endpoint.list_models()]))


if __name__ == "__main__":
    main()
