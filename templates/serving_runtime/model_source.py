"""The directory of the model: a local one as it is, or a copy of the objects under a `gs://` prefix."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .errors import StartupError, count

_DOWNLOADS_AT_ONCE = 8

log = logging.getLogger("serving_runtime")


@contextmanager
def model_directory(uri: str) -> Iterator[Path]:
    """The model's directory; one that was downloaded is removed at the end.

    Raises StartupError when there is no such directory, or no object under the prefix.
    """
    if uri.startswith("gs://"):
        with tempfile.TemporaryDirectory(prefix="model-") as directory:
            _download(uri, Path(directory))
            yield Path(directory)
        return
    path = _local_path(uri)
    if not path.is_dir():
        raise StartupError(f"there is no directory {path}")
    yield path


def _local_path(uri: str) -> Path:
    if not uri.startswith("file:"):
        if "://" in uri:
            raise StartupError(f"the model's place is {uri!r}; it must be a gs:// prefix, a file:// URI or a directory")
        return Path(uri)
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise StartupError(f"{uri!r} names another host; a file:// URI has three slashes before its path")
    return Path(url2pathname(parts.path))


def _download(uri: str, directory: Path) -> None:
    try:
        from google.cloud import storage  # Not needed, so not loaded, for a local model.
    except ImportError as error:
        raise StartupError(f"a model of {uri} needs the Python package google-cloud-storage: {error}") from error

    bucket, _, prefix = uri.removeprefix("gs://").partition("/")
    if not bucket:
        raise StartupError(f"{uri!r} names no bucket")
    prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    # Reading needs no project. With STORAGE_EMULATOR_HOST the library goes there, without credentials.
    client = storage.Client(project=None)
    # Without their media links, whose host is the server's own idea, the library makes the links itself.
    fields = "items(name,bucket,generation),nextPageToken"
    objects = [
        (blob, _inside(directory, blob.name, prefix))
        for blob in client.list_blobs(bucket, prefix=prefix, fields=fields)
        if not blob.name.endswith("/")  # What consoles make to show an empty folder.
    ]
    if not objects:
        raise StartupError(f"there are no objects under gs://{bucket}/{prefix}; check the model's artifactUri")

    def fetch(blob: storage.Blob, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        blob.download_to_filename(target, checksum="crc32c")

    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as threads:
        for done in [threads.submit(fetch, *each) for each in objects]:
            done.result()
    log.info("downloaded %s from %s", count(len(objects), "file"), uri)


def _inside(directory: Path, name: str, prefix: str) -> Path:
    """Where an object goes. Its name comes from outside, and must not lead out of the directory."""
    parts = name.removeprefix(prefix).split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise StartupError(f"the object {name!r} cannot be a file of the model: its name leads out of the directory")
    return directory.joinpath(*parts)
