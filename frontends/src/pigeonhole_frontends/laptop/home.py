"""The folder in which a laptop's platform keeps everything, and who may use it."""

import fcntl
import secrets
from pathlib import Path
from typing import IO

from pigeonhole.errors import PigeonholeError


class HomeError(PigeonholeError):
    """The folder cannot be used."""

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


class Home:
    """The folder's parts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.logs = root / "logs"
        self.models = root / "models"
        self.routing_file = root / "routing.json"
        self.token_file = root / "token"
        self.address_file = root / "serving.json"

    def token(self) -> str:
        """Return the access token, made once and readable by its owner alone.

        Raises:
            HomeError: `home-unwritable`.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if not self.token_file.exists():
                self.token_file.touch(mode=0o600)
                self.token_file.write_text(secrets.token_urlsafe(32) + "\n", encoding="ascii")
            return self.token_file.read_text(encoding="ascii").strip()
        except OSError as error:
            raise HomeError(
                f"home: '{self.root}' cannot be written: {error.strerror}.",
                code="home-unwritable",
                hint="Give another folder with --home.",
            ) from error

    def lock(self) -> IO[str]:
        """Return an open file that keeps a second platform out of this folder until it is closed.

        Raises:
            HomeError: `already-serving`.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        file = (self.root / "lock").open("w", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise HomeError(
                f"home: a platform is already running in '{self.root}'.",
                code="already-serving",
                hint="End it first, or give another folder with --home.",
            ) from error
        return file
