"""The transformer over HTTP: one document in, one outcome out."""

import base64
import json

import httpx

from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.outcomes import Outcome, Unavailable, broken_off, read_answer, timed_out

_CONNECT_SECONDS = 5.0


class Transformer:
    """Connections to the transformer; safe to share between threads."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._url = f"{settings.transformer_url.rstrip('/')}/v1/models/{settings.served_model}:predict"
        self._client = httpx.Client(
            timeout=httpx.Timeout(settings.transformer_timeout_seconds, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=settings.concurrency),
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def classify(self, data: bytes, *, document_id: str, job_id: str) -> Outcome:
        """Return what becomes of a document; no failure of the transformer is an exception.

        A job's documents are one group: while a candidate has a share, all are its, or none.
        """
        document = {"document": base64.b64encode(data).decode(), "reasons": True, "group": job_id}
        body = json.dumps({"instances": [document]})
        headers = {"content-type": "application/json", "x-request-id": document_id}
        try:
            response = self._client.post(self._url, content=body, headers=headers)
        except httpx.ReadTimeout:
            return timed_out()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Unavailable()
        except httpx.TransportError:
            return broken_off()
        return read_answer(response.status_code, response.content, response.headers)
