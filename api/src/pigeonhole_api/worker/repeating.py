"""Threads of a worker that do something from time to time."""

import threading
from abc import ABC, abstractmethod
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.storage import StorageError
from pigeonhole_api.worker.faults import count_fault


class Repeating(ABC):
    """A thread that acts every so many seconds until it is left; a fault is counted and costs that turn alone."""

    def __init__(self, name: str, seconds: float, *, fault: str, daemon: bool = False) -> None:
        self._pause = seconds
        self._fault = fault
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=daemon)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self._thread.name

    @property
    def has_ended(self) -> bool:
        """Tell whether it began, and a fault that nobody foresaw has ended it."""
        return self._thread.ident is not None and not self._thread.is_alive() and not self._ended.is_set()

    def _run(self) -> None:
        while not self._ended.wait(self._pause):
            try:
                self._act()
            except (SQLAlchemyError, StorageError) as error:
                count_fault(self._fault, error)

    @abstractmethod
    def _act(self) -> None: ...
