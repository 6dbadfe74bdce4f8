"""A transformer that answers every document at once with the same prediction: `python -m api_bench.stub --port N`."""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import uvicorn

CLASSES = ("invoice", "payslip", "resume", "bank_statement", "identity_card", "proof_of_address", "tax_notice")
ANSWER: Mapping[str, Any] = {
    "class": CLASSES[0],
    "confidence": 0.94,
    "probabilities": [{"class": name, "p": 0.94 if name == CLASSES[0] else 0.01} for name in CLASSES],
    "margin": 0.93,
    "abstained": False,
    "threshold": 0.6,
    "reasons": [
        {"word": word, "weight": 1.5, "boxes": [{"page": 1, "left": 100, "top": 200, "width": 90, "height": 30}]}
        for word in ("facture", "total", "montant", "tva", "échéance")
    ],
    "pages": [{"page": 1, "class": CLASSES[0], "p": 0.94, "language": "fr", "failure": None}],
    "model": {"name": "document-classifier", "version": "1", "run_id": "bench", "digest": "0" * 64},
    "role": "stable",
    "ocr": {
        "engine": "tesseract",
        "engine_version": "5",
        "seconds": 0.1,
        "pages_read": 1,
        "language": "fr",
        "confidence": 0.9,
        "view": "lines",
    },
}
BODY = json.dumps({"predictions": [ANSWER]}).encode()

_Message = MutableMapping[str, Any]
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


class Stub:
    """An ASGI application without a framework, so that the machine's time goes to those who ask."""

    def __init__(self, pause_seconds: float) -> None:
        self._pause_seconds = pause_seconds

    async def __call__(
        self, scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
    ) -> None:
        """Answer a request; one for a prediction after the pause."""
        while (await receive()).get("more_body"):
            pass
        if self._pause_seconds and scope["method"] == "POST":
            await asyncio.sleep(self._pause_seconds)
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": BODY})


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve on the loopback interface until SIGTERM."""
    parser = argparse.ArgumentParser(prog="api_bench.stub")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pause-seconds", type=float, default=0.0)
    options = parser.parse_args(arguments)
    stub = Stub(options.pause_seconds)
    uvicorn.run(stub, host="127.0.0.1", port=options.port, lifespan="off", interface="asgi3", log_level="warning")


if __name__ == "__main__":
    main()
