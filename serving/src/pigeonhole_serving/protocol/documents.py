"""Requests to the transformer: base64 documents in V1 or V2 form."""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pybase64

from pigeonhole_serving.errors import FieldError, Reason, ServingError, malformed, malformed_field
from pigeonhole_serving.protocol.tensors import Tensor, single_bytes_tensor
from pigeonhole_serving.routing import Role

Protocol = Literal["v1", "v2"]
_LONGEST_GROUP = 100


@dataclass(frozen=True)
class DocumentInstance:
    """A document to classify: the request's field that brought it, its bytes, and what is asked of it.

    Documents of one `group` are answered by one model, as far as there is a choice; `role` names who is to answer,
    whatever the weights.
    """

    field: str
    data: bytes
    reasons: bool
    group: str | None = None
    role: Role | None = None


@dataclass(frozen=True)
class DocumentRequest:
    """A request's documents in order, and the protocol to answer in."""

    protocol: Protocol
    instances: tuple[DocumentInstance, ...]


@dataclass(frozen=True)
class _Wishes:
    reasons: bool
    group: str | None
    role: Role | None


def parse_v1_documents(payload: Any, max_documents: int) -> DocumentRequest:
    """Return the documents of `{"instances": [{"document": "<base64>", "reasons": false}, ...]}`.

    An instance may have a `group` and a `role` too.

    Raises:
        ServingError: 400; every wrong instance is named.
    """
    if not isinstance(payload, dict):
        raise malformed_field("body", "Expected a JSON object with the key instances.")
    instances = payload.get("instances")
    if not isinstance(instances, list):
        raise malformed_field("instances", "Expected a list of objects.")
    _check_count("instances", len(instances), max_documents)
    return DocumentRequest("v1", _collect([(f"instances[{n}]", value) for n, value in enumerate(instances)]))


def parse_v2_documents(
    tensors: Sequence[Tensor], parameters: dict[str, Any] | None, max_documents: int
) -> DocumentRequest:
    """Return the documents of a BYTES tensor `document` of shape [n] with base64 strings.

    Raises:
        ServingError: 400, for another tensor, type or shape, or strings that are not base64.
    """
    data = single_bytes_tensor(tensors, "document")
    _check_count("inputs[0].data", len(data), max_documents)
    wishes = _parse_wishes(parameters or {}, "parameters")
    parsed = [_decode(f"inputs[0].data[{n}]", text, wishes) for n, text in enumerate(data)]
    return DocumentRequest("v2", _without_errors(parsed))


def _collect(instances: Sequence[tuple[str, Any]]) -> tuple[DocumentInstance, ...]:
    return _without_errors([_parse_instance(field, value) for field, value in instances])


def _parse_instance(field: str, value: Any) -> DocumentInstance | FieldError:
    if not isinstance(value, dict):
        return FieldError(field, Reason.MALFORMED.value, "Expected an object with the key document.")
    if not isinstance(value.get("document"), str):
        return FieldError(f"{field}.document", Reason.MALFORMED.value, "Expected a string of base64.")
    try:
        wishes = _parse_wishes(value, field)
    except ServingError as error:
        return error.errors[0]
    return _decode(f"{field}.document", value["document"], wishes)


def _parse_wishes(value: dict[str, Any], field: str) -> _Wishes:
    return _Wishes(
        reasons=_flag(value.get("reasons", False), f"{field}.reasons"),
        group=_group(value.get("group"), f"{field}.group"),
        role=_role(value.get("role"), f"{field}.role"),
    )


def _decode(field: str, text: str, wishes: _Wishes) -> DocumentInstance | FieldError:
    try:
        data = pybase64.b64decode(text, validate=True)
        return DocumentInstance(field, data, wishes.reasons, wishes.group, wishes.role)
    except (binascii.Error, ValueError):
        return FieldError(field, Reason.MALFORMED.value, "The string is not base64 (RFC 4648, without line breaks).")


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise malformed_field(field, "Expected true or false.")
    return value


def _group(value: Any, field: str) -> str | None:
    if value is None or (isinstance(value, str) and 1 <= len(value) <= _LONGEST_GROUP):
        return value
    raise malformed_field(field, f"Expected a string of 1 to {_LONGEST_GROUP} characters.")


def _role(value: Any, field: str) -> Role | None:
    if value is None:
        return None
    if value in list(Role):
        return Role(value)
    raise malformed_field(field, "Expected stable or candidate.")


def _check_count(field: str, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise malformed_field(field, f"Expected 1 to {most} documents.")


def _without_errors(parsed: Sequence[DocumentInstance | FieldError]) -> tuple[DocumentInstance, ...]:
    errors = [item for item in parsed if isinstance(item, FieldError)]
    if errors:
        raise malformed(errors)
    return tuple(item for item in parsed if isinstance(item, DocumentInstance))
