"""Requests that nobody means well with: drawn from a seed, so that each can be drawn again."""

import base64
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .conftest import INVOICE, as_base64, make_pdf, make_scan

MARK = "Zebulon-7731"
"""Stands in the hostile requests and must come back in no error and in no log line."""
JSON = "application/json"
V1 = "/v1/models/documents:predict"
V2 = "/v2/models/documents/infer"
ADDRESSES = (V1, V1, V1, V1, V2, V2, V2, V2, "/v1/models/documents:explain", "/v2/models/documents/versions/3/infer")

_PDF = make_pdf([*INVOICE, f"{MARK} montant total"])
_PNG = make_scan(INVOICE, (200, 100))
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"\xff\xd8\xff\xe0", b"II*\0", b"MM\0*", b"RIFF\0\0\0\0WEBP", b"BM")
_JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**63, 10**30, "", MARK, [], {}, [[]], [None], {MARK: MARK}, {"document": {MARK: 1}}),
    *("\0", "\ud800", f"{MARK}\udfff", "\u202e\ufeff", "é" * 50, "💣", f"{MARK} " * 40, {"\ud83d": "\udca3"}),
)
_NUMBERS = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "9" * 400,
    "9" * 5000,
    "0.1e-999",
    "-0",
    "01",
    "0x10",
    "+1",
)
_TYPES = (
    *(None, "", MARK, f"text/{MARK}", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"),
    *("application/json; charset=utf-8", "application/json;charset=utf-16", f"application/json; charset={MARK}"),
    *("application/vnd.x+json", "multipart/form-data; boundary=x", "application/cloudevents+json", "application/JSON"),
)
_FILLINGS = (*[0] * 40, 1_000_000)
_CHARSETS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp500", "utf-7")


@dataclass(frozen=True)
class Hostile:
    """A request's address, body and headers."""

    address: str
    content: bytes
    headers: dict[str, str]


def draw(rng: random.Random, *, transformer: bool) -> Hostile:
    """Return the next request of a sequence, to the transformer or to the predictor."""
    address = rng.choice(ADDRESSES)
    # Now and then what the other server takes.
    content, headers = rng.choice(_KINDS)(rng, _request(rng, address, documents=transformer ^ (rng.random() < 0.1)))
    return Hostile(address, content, {"content-type": JSON} | headers)


Drawn = tuple[bytes, dict[str, str]]


def _request(rng: random.Random, address: str, *, documents: bool) -> dict[str, Any]:
    """Return a right request."""
    strings = [
        as_base64(rng.choice((_PDF, _PDF, _PNG))) if documents else f"facture {MARK} total"
        for _ in range(rng.choice((1, 1, 2)))
    ]
    if address.startswith("/v1"):
        return {"instances": [{"document": text, "reasons": True} for text in strings] if documents else strings}
    tensor = {
        "name": "document" if documents else "text",
        "datatype": "BYTES",
        "shape": [len(strings)],
        "data": strings,
    }
    return {"inputs": [tensor], "parameters": {"reasons": True} if documents else {"explain": 3}}


def _random_bytes(rng: random.Random, _: Any) -> Drawn:
    content = MARK.encode() + rng.randbytes(rng.randrange(200)) + b" " * rng.choice(_FILLINGS)
    return content, {"content-type": rng.choice(_TYPES) or JSON}


def _empty(rng: random.Random, _: Any) -> Drawn:
    return b"", {"content-type": rng.choice(_TYPES) or JSON}


def _truncated(rng: random.Random, request: Any) -> Drawn:
    content = json.dumps(request).encode()
    return content[: rng.randrange(len(content))], {}


def _mutated(rng: random.Random, request: Any) -> Drawn:
    content = bytearray(json.dumps(request).encode())
    for _ in range(rng.choice((1, 1, 2, 8))):
        content[rng.randrange(min(len(content), 60))] = rng.randrange(256)
    return bytes(content), {}


def _deep(rng: random.Random, request: Any) -> Drawn:
    opening, closing = rng.choice(((b"[", b"]"), (b'{"instances":', b"}"), (b'{"inputs":[', b"]}")))
    depth = rng.choice((20, 200, 1000, 20_000))
    nested = opening * depth + b"1" + closing * rng.choice((0, depth))
    return rng.choice((nested, json.dumps({**request, "parameters": MARK}).encode().replace(b'"Zeb', nested, 1))), {}


def _odd_number(rng: random.Random, request: Any) -> Drawn:
    return _graft(rng, request, MARK + "#").replace(f'"{MARK}#"'.encode(), rng.choice(_NUMBERS).encode()), {}


def _duplicate_keys(rng: random.Random, request: Any) -> Drawn:
    content = json.dumps(request)
    return f"{content[:-1]}, {json.dumps({MARK: rng.choice(_JUNK)})[1:-1]}, {content[1:]}".encode(), {}


def _wrong_shape(rng: random.Random, request: Any) -> Drawn:
    return _graft(rng, request, rng.choice(_JUNK)), {
        "content-type": rng.choice((JSON, JSON, "application/json; charset=utf-8"))
    }


def _odd_parameters(rng: random.Random, request: Any) -> Drawn:
    known = rng.choice(("reasons", "explain", "binary_data_output", "binary_data"))
    parameters = rng.choice(({MARK: rng.choice(_JUNK)}, {known: rng.choice(_JUNK)}, rng.choice(_JUNK)))
    inputs = [{**tensor, "parameters": rng.choice((parameters, None))} for tensor in request.get("inputs", [])]
    outputs = rng.choice((None, [], [{"name": MARK, "parameters": parameters}], parameters))
    rest = {"id": rng.choice(_JUNK), "parameters": parameters, "outputs": outputs}
    return json.dumps({**request, "inputs": inputs, **rest}).encode(), {}


def _other_charset(rng: random.Random, request: Any) -> Drawn:
    content = json.dumps(request, ensure_ascii=True).encode(rng.choice(_CHARSETS))
    return content, {"content-type": rng.choice(_TYPES) or JSON}


def _other_encoding(rng: random.Random, request: Any) -> Drawn:
    content, encoding = json.dumps(request).encode(), rng.choice(("gzip", "br", "identity", MARK))
    return rng.choice((gzip.compress(content), content)), {"content-encoding": encoding}


def _other_headers(rng: random.Random, request: Any) -> Drawn:
    length = rng.choice(("0", "10", "-1", MARK, "9" * 400))
    event = {"ce-id": MARK, "ce-source": MARK, "ce-type": MARK, "ce-specversion": rng.choice(("1.0", "0.3", MARK))}
    event.pop(rng.choice(("none", *event)), None)
    headers = rng.choice(
        (
            {"inference-header-content-length": length},
            event,
            {**event, "ce-contenttype": JSON, "content-type": rng.choice(("application/cloudevents+json", JSON))},
            {"x-request-id": rng.choice((f"{MARK} x", "x" * 4000, "../.."))},
            {
                "traceparent": rng.choice((MARK, "00-" + "0" * 32 + "-1-01")),
                "tracestate": "=" * 600,
                "baggage": "a=%ff",
            },
            {"authorization": f"Bearer {MARK}", "accept": MARK, "accept-encoding": MARK, "expect": "100-continue"},
        )
    )
    return rng.choice((json.dumps(request).encode(), MARK.encode(), b"", b"null", b"[]")), headers


def _cloud_event(rng: random.Random, request: Any) -> Drawn:
    event = {"specversion": "1.0", "id": MARK, "source": MARK, "type": MARK, "data": rng.choice((request, *_JUNK[:12]))}
    event.pop(rng.choice(("none", *event)), None)
    return json.dumps(event).encode(), {"content-type": rng.choice((JSON, "application/cloudevents+json"))}


def _odd_base64(rng: random.Random, request: Any) -> Drawn:
    text = base64.b64encode(_PDF + rng.randbytes(rng.randrange(3))).decode()
    variants = (
        text.rstrip("=") + "A",
        text.replace("/", "_").replace("+", "-"),
        "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76)),
        f"data:application/pdf;base64,{text}",
        f" {text} ",
        text + "====",
        f"{text[:40]}={text[40:]}",
        f"{text[:40]}\0{text[40:]}",
    )
    return _with_string(request, rng.choice(variants)), {}


def _hostile_document(rng: random.Random, request: Any) -> Drawn:
    whole = rng.choice((_PDF, _PNG))
    cut = whole[: rng.randrange(len(whole))]
    holes = bytearray(whole)
    for _ in range(5):
        holes[rng.randrange(len(holes))] = rng.randrange(256)
    document = rng.choice((cut, bytes(holes), rng.choice(_MAGIC) + MARK.encode() + rng.randbytes(100), MARK.encode()))
    return _with_string(request, as_base64(document)), {}


def _with_string(request: Any, text: str) -> bytes:
    if "inputs" in request:
        tensor = request["inputs"][0]
        return json.dumps({**request, "inputs": [{**tensor, "data": [text], "shape": [1]}]}).encode()
    is_document = isinstance(request["instances"][0], dict)
    return json.dumps({"instances": [{"document": text} if is_document else text]}).encode()


def _graft(rng: random.Random, request: Any, junk: Any) -> bytes:
    """Return the request as JSON with one of its values, or one of its keys, replaced."""

    def walk(value: Any) -> Any:
        if rng.random() < 0.2:
            return junk
        if isinstance(value, dict):
            return {MARK if rng.random() < 0.05 else key: walk(item) for key, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    return json.dumps(walk(request)).encode()


_KINDS: tuple[Callable[[random.Random, Any], Drawn], ...] = (
    *(_random_bytes, _empty, _truncated, _mutated, _deep, _odd_number, _duplicate_keys, _wrong_shape, _wrong_shape),
    *(
        _wrong_shape,
        _odd_parameters,
        _other_charset,
        _other_encoding,
        _other_headers,
        _cloud_event,
        _odd_base64,
        _hostile_document,
    ),
)
