"""An S3 server on this machine: moto's, behind a door that minds presigned addresses, which moto itself does not."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, quote

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

KEY, SECRET, REGION = "test", "a-secret-for-tests-alone", "us-east-1"
BUCKET = "documents"


class ObjectStore:
    """A bucket; `enforces` is whether presigned addresses are checked, `is_down` and `is_full` let calls fail.

    `seen` holds method and path of every call.
    """

    def __init__(self) -> None:
        self.enforces = True
        self.is_down = False
        self.is_full = False
        self.seen: list[tuple[str, str]] = []
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=MotoRequestHandler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.client = boto3.client(
            "s3", endpoint_url=self.url, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name=REGION
        )
        self.client.create_bucket(Bucket=BUCKET)

    def settings(self, prefix: str) -> dict[str, str]:
        """What a process needs to keep its things below a prefix."""
        return {
            "PIGEONHOLE_STORAGE_URL": f"s3://{BUCKET}/{prefix}",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
        }

    def keys(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if self.is_down:
            return _refuse(start, "503 Service Unavailable")
        if self.is_full and environ["REQUEST_METHOD"] == "PUT":
            return _refuse(start, "507 Insufficient Storage")
        query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        if self.enforces and "X-Amz-Signature" in query:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = BytesIO(body)
            if not (_is_signed(environ, query) and _is_what_was_signed(environ, body)):
                return _refuse(start, "403 Forbidden")
        return self._moto(environ, start)  # type: ignore[no-any-return]


def _refuse(start: Callable[..., Any], status: str) -> Iterable[bytes]:
    start(status, [("Content-Length", "0"), ("Connection", "close")])
    return [b""]


def _is_signed(environ: dict[str, Any], query: dict[str, str]) -> bool:
    """AWS signature version 4 in the query, and its end."""
    signature = query.pop("X-Amz-Signature")
    began = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    names = query["X-Amz-SignedHeaders"].split(";")
    lines = [
        environ["REQUEST_METHOD"],
        quote(environ["PATH_INFO"]),
        "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items())),
        *(f"{name}:{_header(environ, name)}" for name in names),
        "",
        ";".join(names),
        "UNSIGNED-PAYLOAD",
    ]
    scope = query["X-Amz-Credential"].partition("/")[2]
    request = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, request])
    genuine = hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature)
    return genuine and datetime.now(UTC) < began + timedelta(seconds=int(query["X-Amz-Expires"]))


def _is_what_was_signed(environ: dict[str, Any], body: bytes) -> bool:
    checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return _header(environ, "x-amz-checksum-sha256") == checksum and len(body) == int(environ["CONTENT_LENGTH"])


def _header(environ: dict[str, Any], name: str) -> str:
    if name == "content-length":
        return str(environ["CONTENT_LENGTH"])
    return str(environ.get("HTTP_" + name.upper().replace("-", "_"), ""))
