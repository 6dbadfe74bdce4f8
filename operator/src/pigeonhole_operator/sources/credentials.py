"""Credentials in mounted files, read again for each call so that rotated ones work at once."""

import base64
import re
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(r"[\x21-\x7e]+")


class CredentialsUnreadable(Exception):
    """A file of credentials that cannot be read, or that holds what no header can carry."""


@dataclass(frozen=True)
class Credentials:
    """Files with a bearer token, or with a user's name and password; none of them for a source without a lock."""

    token_file: Path | None = None
    username_file: Path | None = None
    password_file: Path | None = None

    def headers(self) -> dict[str, str]:
        """Return the header that shows the credentials of now.

        Raises:
            CredentialsUnreadable: A file is missing or empty, or the token is not printable ASCII.
        """
        if self.token_file is not None:
            token = _read(self.token_file)
            if not _TOKEN.fullmatch(token):
                raise CredentialsUnreadable
            return {"Authorization": f"Bearer {token}"}
        if self.username_file is not None and self.password_file is not None:
            pair = f"{_read(self.username_file)}:{_read(self.password_file)}"
            return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        return {}


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsUnreadable from error
    if not text:
        raise CredentialsUnreadable
    return text
