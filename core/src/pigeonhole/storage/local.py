"""Objects as files below one folder."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pigeonhole.storage.protocol import DISK_FULL, ObjectMissing, StorageError, StorageFull, check_key

_PARTIAL = ".partial-"
_BLOCK = 1 << 18


class LocalStorage:
    """A folder; every put is a temporary file, synced and renamed, so a crash leaves the old object or the new one.

    Without `durable` nothing is synced, which takes milliseconds: after a crash of the machine an object may be missing
    or empty, as is fit for what can be made again.
    """

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root
        self._durable = durable

    def put(self, key: str, data: bytes) -> None:
        """Store the bytes under the key; they are on disk when this returns, if the storage is durable.

        Raises:
            StorageError: `storage-full`, when the disk is, or `storage-failed`, when it is not writable.
        """
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(prefix=_PARTIAL, dir=path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    if self._durable:
                        file.flush()
                        os.fsync(file.fileno())
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            if self._durable:
                _sync_folder(path.parent)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise StorageFull(key) from error
            raise StorageError(
                f"'{key}' could not be written: {error.strerror}.", hint="Check the disk and its rights."
            ) from error

    def get(self, key: str) -> bytes:
        """Return the bytes under the key, or raise ObjectMissing."""
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError) as error:
            raise ObjectMissing(key) from error
        except OSError as error:
            raise StorageError(f"'{key}' could not be read: {error.strerror}.") from error

    def blocks(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Return the object under the key, or a range of it, in blocks, or raise ObjectMissing."""
        try:
            file = self._path(key).open("rb")
        except (FileNotFoundError, IsADirectoryError) as error:
            raise ObjectMissing(key) from error
        except OSError as error:
            raise StorageError(f"'{key}' could not be read: {error.strerror}.") from error
        return _blocks(file, start, end)

    def exists(self, key: str) -> bool:
        """Tell whether there is an object under the key."""
        return self._path(key).is_file()

    def delete(self, key: str) -> None:
        """Remove the object under the key; a missing one is no error."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"'{key}' could not be removed: {error.strerror}.") from error

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with the prefix, in order."""
        parent, _, beginning = prefix.rpartition("/")
        folder = self.root / parent
        if not folder.is_dir():
            return
        # Other folders are not gone into: one of many objects is to be found without looking at all of them.
        beginnings = (path for path in folder.iterdir() if path.name.startswith(beginning))
        paths = (path for found in beginnings for path in (found.rglob("*") if found.is_dir() else (found,)))
        yield from sorted(path.relative_to(self.root).as_posix() for path in paths if _is_object(path))

    def url(self, key: str) -> str:
        """Return the file's URL."""
        return self._path(key).absolute().as_uri()

    def free_bytes(self) -> int:
        """Return how much space the folder's disk has for us."""
        there = next(folder for folder in (self.root, *self.root.absolute().parents) if folder.exists())
        disk = os.statvfs(there)
        return disk.f_bavail * disk.f_frsize

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)


def _blocks(file: IO[bytes], start: int, end: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while block := file.read(_BLOCK if end is None else min(_BLOCK, end - file.tell())):
            yield block


def _is_object(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(_PARTIAL)


def _sync_folder(folder: Path) -> None:
    # A rename is durable only once its folder is: fsync(2), "Calling fsync() does not necessarily ensure that the
    # entry in the directory containing the file has also reached disk".
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
