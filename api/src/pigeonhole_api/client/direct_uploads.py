"""Files on their way to the storage itself, past the API."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from urllib.parse import quote

import httpx

from pigeonhole_api.client.errors import ApiError
from pigeonhole_api.client.transport import Transport, is_loopback, parse
from pigeonhole_api.client.uploads import Sending, opened
from pigeonhole_api.models import MOST_ARRIVALS, Arrivals, UploadUrl, UploadUrls

_CONNECTIONS = 8
_CONNECT_SECONDS = 5.0
_WRITE_SECONDS = 60.0


def send_directly(transport: Transport, job_id: str, sendings: Sequence[Sending]) -> None:
    """Put files to presigned addresses and tell the API, some at a time, so that no address expires meanwhile.

    Raises:
        ApiError: `presigning-unsupported` before anything is sent, `storage-unreachable`, `storage-refused`, or why the
            platform did not take a file.
    """
    by_name = {sending.declared.name: sending for sending in sendings}
    names = iter(by_name)
    with ThreadPoolExecutor(_CONNECTIONS) as senders:
        while some := list(islice(names, MOST_ARRIVALS)):
            uploads = _addresses(transport, job_id, some)
            if not uploads:
                continue
            with _client_for(uploads[0].url) as storage:
                list(senders.map(partial(_put, storage, by_name), uploads))
            _tell(transport, job_id, [upload.name for upload in uploads])


def _addresses(transport: Transport, job_id: str, names: Sequence[str]) -> list[UploadUrl]:
    path = f"/v1/jobs/{quote(job_id, safe='')}/upload-urls"
    return parse(UploadUrls, transport.send("POST", path, repeatable=True, json={"names": list(names)})).uploads


def _tell(transport: Transport, job_id: str, names: Sequence[str]) -> None:
    path = f"/v1/jobs/{quote(job_id, safe='')}/arrivals"
    refused = parse(Arrivals, transport.send("POST", path, repeatable=True, json={"names": list(names)})).refused
    for each in refused:
        raise ApiError(f"'{each.name}': {each.detail}", code=each.code)


def _client_for(url: str) -> httpx.Client:
    # No token: the address itself says what is allowed, and the storage is not to see more.
    timeout = httpx.Timeout(_WRITE_SECONDS, connect=_CONNECT_SECONDS)
    return httpx.Client(timeout=timeout, trust_env=not is_loopback(url))


def _put(storage: httpx.Client, files: Mapping[str, Sending], upload: UploadUrl) -> None:
    for last in (False, True):
        with opened(upload.name, files[upload.name].content) as content:
            try:
                answer = storage.put(upload.url, content=content, headers=upload.headers)
            except httpx.TransportError as error:
                if last:
                    raise ApiError("The storage cannot be reached.", code="storage-unreachable") from error
                continue
        if not answer.is_success:
            detail = f"The storage refused '{upload.name}' with status {answer.status_code}."
            raise ApiError(detail, code="storage-refused", hint="Send the job again; what has come is kept.")
        return
