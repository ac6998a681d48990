"""Points Google's Python SDK at a server of this machine, which asks for no credentials."""

from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform


def init(place: dict) -> None:
    """`place`: host, project and location. REST, since the server speaks nothing else."""
    aiplatform.init(
        project=place["project"],
        location=place["location"],
        credentials=AnonymousCredentials(),
        api_endpoint=f"http://{place['host']}",
        api_transport="rest",
    )
