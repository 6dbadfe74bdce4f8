"""The transformer over HTTP: one document in, one outcome out."""

import base64
import json

import httpcore

from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.outcomes import Outcome, Unavailable, broken_off, read_answer, timed_out

_CONNECT_SECONDS = 5.0
_IDLE_SECONDS = 5.0


class Transformer:
    """Connections to the transformer; safe to share between threads.

    They are those of httpx without its upper layers, which take longer for a request than everything else that a worker
    does for a document.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._url = f"{settings.transformer_url.rstrip('/')}/v1/models/{settings.served_model}:predict"
        seconds = settings.transformer_timeout_seconds
        self._timeouts = {"connect": _CONNECT_SECONDS, "read": seconds, "write": seconds, "pool": seconds}
        self._pool = httpcore.ConnectionPool(max_connections=settings.concurrency, keepalive_expiry=_IDLE_SECONDS)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def classify(self, data: bytes, *, document_id: str, job_id: str) -> Outcome:
        """Return what becomes of a document; no failure of the transformer is an exception.

        A job's documents are one group: while a candidate has a share, all are its, or none.
        """
        document = {"document": base64.b64encode(data).decode(), "reasons": True, "group": job_id}
        body = json.dumps({"instances": [document]})
        try:
            response = self._pool.request(
                "POST",
                self._url,
                headers={"content-type": "application/json", "x-request-id": document_id},
                content=body.encode(),
                extensions={"timeout": self._timeouts},
            )
        except httpcore.ReadTimeout:
            return timed_out()
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout):
            return Unavailable()
        except (
            httpcore.NetworkError,
            httpcore.ProtocolError,
            httpcore.TimeoutException,
            httpcore.UnsupportedProtocol,
        ):
            return broken_off()
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return read_answer(response.status, response.content, headers)
