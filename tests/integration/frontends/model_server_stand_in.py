"""A model server that follows the transformer's contract and answers by the colour of an image, without reading it."""

import base64
import io
import json
import sys
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pypdfium2
from PIL import Image

CLASSES = ("invoice", "payslip", "resume")


def answer(data: bytes) -> dict[str, Any]:
    """Return the prediction: red, green and blue are the classes with certainty, grey the first with little of it.

    A PDF is of the first class, if it is whole.
    """
    if data.startswith(b"%PDF-"):
        with pypdfium2.PdfDocument(data) as document:
            colour = (200, 30, 30) if len(document) == 1 else (120, 120, 120)
    else:
        with Image.open(io.BytesIO(data)) as image:
            colour = image.convert("RGB").getpixel((0, 0))
    shares = (0.5, 0.3, 0.2)
    if len(set(colour)) > 1:
        shares = tuple(0.96 if channel == max(colour) else 0.02 for channel in colour)
    ranked = sorted(zip(CLASSES, shares, strict=True), key=lambda each: -each[1])
    name, confidence = ranked[0]
    return {
        "class": name,
        "confidence": confidence,
        "probabilities": [{"class": each, "p": p} for each, p in ranked],
        "margin": confidence - ranked[1][1],
        "abstained": confidence < 0.8,
        "threshold": 0.8,
        "reasons": [{"word": "facture", "weight": 0.4, "boxes": []}],
        "pages": [{"page": 1, "class": name, "p": confidence, "language": "fr", "failure": None}],
        "model": {"name": "documents", "version": "1", "run_id": "run", "digest": "0" * 64},
        "role": "stable",
        "ocr": {
            "engine": "stand-in",
            "engine_version": "1",
            "seconds": 0.0,
            "pages_read": 1,
            "language": "fr",
            "confidence": 0.9,
            "view": "full",
        },
        "document": {"sha256": sha256(data).hexdigest(), "media_type": "image/png", "size": len(data), "pages": 1},
    }


class ModelServer(BaseHTTPRequestHandler):
    """Answers the worker."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = base64.b64decode(body["instances"][0]["document"])
        try:
            self._send(200, {"predictions": [answer(data)]})
        except OSError:
            self._send(422, {"error": "The image is broken.", "reason": "unreadable", "request_id": "", "errors": []})

    def do_GET(self) -> None:
        self._send(200, {})

    def _send(self, status: int, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), ModelServer).serve_forever()
