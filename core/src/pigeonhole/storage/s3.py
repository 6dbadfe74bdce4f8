"""Objects in an S3 bucket, by boto3."""

import base64
from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from pigeonhole.storage.protocol import (
    ObjectMissing,
    ObjectState,
    PresignedPut,
    StorageError,
    StorageFull,
    check_key,
)

_MISSING = {"404", "NoSuchKey", "NotFound"}
_FULL = 507  # S3 itself has no end; stores of one's own that speak its protocol do
_BLOCK = 1 << 18
# Checksums of what is got are not compared: there are stores that send the whole object's with a range of it.
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"max_attempts": 3, "mode": "standard"},
    response_checksum_validation="when_required",
)
_HINT = "Check the bucket, AWS_ENDPOINT_URL, AWS_REGION and the credentials."


class S3Storage:
    """A bucket and a prefix; endpoint, region and credentials come from boto3's usual settings (`AWS_*`).

    Clients that put objects themselves are sent to `public_endpoint` when there is one.
    """

    def __init__(self, bucket: str, prefix: str = "", client: Any = None, *, public_endpoint: str = "") -> None:
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self._public_endpoint = public_endpoint
        self._client = client or boto3.client("s3", config=_CONFIG)

    def put(self, key: str, data: bytes) -> None:
        """Store the bytes under the key; S3 shows an object whole or not at all."""
        self._call("put_object", key, Body=data)

    def get(self, key: str) -> bytes:
        """Return the bytes under the key, or raise ObjectMissing."""
        try:
            return bytes(self._call("get_object", key)["Body"].read())
        except BotoCoreError as error:
            raise StorageError(f"'{key}' could not be read from S3.", hint=_HINT) from error

    def exists(self, key: str) -> bool:
        """Tell whether there is an object under the key."""
        try:
            self._call("head_object", key)
        except ObjectMissing:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove the object under the key; a missing one is no error."""
        self._call("delete_object", key)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with the prefix, in order."""
        strip = len(self.prefix) + 1 if self.prefix else 0
        paginator = self._client.get_paginator("list_objects_v2")
        try:
            for page in paginator.paginate(Bucket=self.bucket, Prefix=self._name(prefix)):
                yield from (item["Key"][strip:] for item in page.get("Contents", ()))
        except (BotoCoreError, ClientError) as error:
            raise StorageError(f"The bucket '{self.bucket}' could not be listed.", hint=_HINT) from error

    def url(self, key: str) -> str:
        """Return the object's `s3://` URL."""
        return f"s3://{self.bucket}/{self._name(check_key(key))}"

    def presigned_put(self, key: str, *, size: int, sha256: str, seconds: int) -> PresignedPut:
        """Return how to put, for a while, an object of this size and hash and no other."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        wanted: dict[str, Any] = {"Bucket": self.bucket, "Key": self._name(check_key(key))}
        wanted |= {"ContentLength": size, "ChecksumSHA256": checksum}
        try:
            url = self._signer.generate_presigned_url("put_object", Params=wanted, ExpiresIn=seconds)
        except BotoCoreError as error:
            raise StorageError(f"An upload to '{key}' could not be signed.", hint=_HINT) from error
        return PresignedPut(str(url), {"Content-Length": str(size), "x-amz-checksum-sha256": checksum})

    def describe(self, key: str) -> ObjectState:
        """Return size and, where S3 has kept it, hash of the object under the key, or raise ObjectMissing."""
        found = self._call("head_object", key, ChecksumMode="ENABLED")
        checksum = found.get("ChecksumSHA256")
        if "ContentLength" not in found:
            raise StorageError(f"S3 does not tell the size of '{key}'.", hint=_HINT)
        return ObjectState(int(found["ContentLength"]), base64.b64decode(checksum).hex() if checksum else None)

    def blocks(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the object under the key, or a range of it, in blocks, or raise ObjectMissing."""
        wanted = {} if (start, end) == (0, None) else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        return _blocks(key, self._call("get_object", key, **wanted)["Body"])

    @cached_property
    def _signer(self) -> Any:
        # Only this kind of signature covers headers. A session of its own: making clients in the shared one is not
        # safe among threads.
        session = boto3.session.Session()
        return session.client("s3", endpoint_url=self._public_endpoint or None, config=Config(signature_version="s3v4"))

    def _name(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def _call(self, operation: str, key: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(Bucket=self.bucket, Key=self._name(check_key(key)), **arguments)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                raise ObjectMissing(key) from error
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == _FULL:
                raise StorageFull(key) from error
            raise StorageError(f"S3 refused {operation} of '{key}'.", hint=_HINT) from error
        except BotoCoreError as error:
            raise StorageError(f"S3 could not be reached for {operation} of '{key}'.", hint=_HINT) from error


def _blocks(key: str, body: Any) -> Iterator[bytes]:
    with closing(body):
        try:
            yield from body.iter_chunks(_BLOCK)
        except BotoCoreError as error:
            raise StorageError(f"'{key}' could not be read from S3.", hint=_HINT) from error
