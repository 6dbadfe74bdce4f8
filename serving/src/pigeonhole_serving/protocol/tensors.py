"""V2 tensors of strings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pigeonhole_serving.errors import malformed_field

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Tensor:
    """A named tensor of the V2 protocol; `data` is flat."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: Sequence[Any]

    def to_json(self) -> dict[str, Any]:
        """Return the tensor as the V2 protocol writes it."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape), "data": list(self.data)}


def bytes_tensor(name: str, data: Sequence[str]) -> Tensor:
    """Return a BYTES tensor of shape [n]."""
    return Tensor(name, "BYTES", (len(data),), data)


def single_bytes_tensor(tensors: Sequence[Tensor], name: str) -> tuple[str, ...]:
    """Return the strings of a request's only tensor, a BYTES one of the given name and of shape [n].

    Raises:
        ServingError: 400, naming the field that differs.
    """
    if len(tensors) != 1 or tensors[0].name != name:
        raise malformed_field("inputs", f"Expected one tensor named {name}.")
    tensor = tensors[0]
    if tensor.datatype != "BYTES":
        raise malformed_field("inputs[0].datatype", "Expected BYTES.")
    if tensor.shape != (len(tensor.data),):
        raise malformed_field("inputs[0].shape", f"Expected [{len(tensor.data)}], the number of strings in data.")
    return checked_strings("inputs[0].data", tensor.data)


def checked_strings(field: str, values: Sequence[Any]) -> tuple[str, ...]:
    """Return a field's values, all of which are strings of whole characters.

    Raises:
        ServingError: 400, naming the value that is not.
    """
    for number, value in enumerate(values):
        if not isinstance(value, str):
            raise malformed_field(f"{field}[{number}]", "Expected a string.")
        if not value.isascii() and _SURROGATE.search(value):
            # JSON can spell half of a pair, which no answer in UTF-8 could name again.
            raise malformed_field(f"{field}[{number}]", "The string holds half of a surrogate pair.")
    return tuple(values)
