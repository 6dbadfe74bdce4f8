"""Download every object under an S3 address into a folder: `download.py s3://BUCKET/PREFIX FOLDER`."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


class NoModel(Exception):
    """There is nothing under the address, or nothing that could be written."""


def connection(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return boto3's arguments for the store that KServe's variables name; its keys boto3 reads itself."""
    settings: dict[str, Any] = {"connect_timeout": 5, "retries": {"max_attempts": 2}}
    if environment.get("awsAnonymousCredential", "").lower() == "true":
        settings["signature_version"] = UNSIGNED
    if environment.get("S3_USER_VIRTUAL_BUCKET", "").lower() in ("1", "true"):
        settings["s3"] = {"addressing_style": "virtual"}
    arguments: dict[str, Any] = {"config": Config(**settings)}
    endpoint = environment.get("AWS_ENDPOINT_URL", "")
    if not endpoint and (host := environment.get("S3_ENDPOINT")):
        endpoint = f"{'http' if environment.get('S3_USE_HTTPS') == '0' else 'https'}://{host}"
    if endpoint:
        arguments["endpoint_url"] = endpoint
    if environment.get("S3_VERIFY_SSL", "").lower() in ("0", "false"):
        arguments["verify"] = False
    return arguments


def address(uri: str) -> tuple[str, str]:
    """Return the bucket and the prefix of an address."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    return bucket, prefix.strip("/")


def file_of(key: str, prefix: str) -> PurePosixPath | None:
    """Return where in the folder an object belongs, or None if it is not under the prefix.

    Raises:
        NoModel: It would be written outside the folder.
    """
    if key == prefix:
        # The address of one object.
        return PurePosixPath(PurePosixPath(key).name)
    if key.endswith("/") or (prefix and not key.startswith(f"{prefix}/")):
        return None
    relative = PurePosixPath(key.removeprefix(prefix).lstrip("/"))
    if ".." in relative.parts:
        raise NoModel(f"{key} leaves the folder")
    return relative


def download(client: Any, uri: str, folder: Path) -> int:
    """Download every object under an address; return how many there were.

    Raises:
        NoModel: There is none, or one would be written outside the folder.
    """
    bucket, prefix = address(uri)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [str(item["Key"]) for page in pages for item in page.get("Contents", [])]
    files = {key: relative for key in keys if (relative := file_of(key, prefix)) is not None}
    if not files:
        raise NoModel(f"no object is under {uri}")
    for key, relative in files.items():
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        client.download_file(bucket, key, str(target))
    return len(files)


def main(uri: str, folder: str) -> int:
    """Return the exit code of a download."""
    try:
        count = download(boto3.client("s3", **connection(os.environ)), uri, Path(folder))
    except (NoModel, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"cannot download {uri}: {error}\n")
        return 1
    sys.stdout.write(f"downloaded {count} objects of {uri}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
