"""Where do embedded servers keep their files: in a folder that goes with the run, or in one that stays?"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.sandbox.leftovers import LEFTOVERS

_PREFIX = "wallstreet-run-"
_LOCK = ".lock"
_LONGEST_BASE = 60  # a socket's whole path may have 107 bytes on Linux, 103 elsewhere
_YOUNG = 60.0


class DataFolderInUse(Exception):
    """Another running Wallstreet already keeps its data in this folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"Another running Wallstreet uses the data folder {folder}; stop it or choose another."
        )


class RunFolder:
    """A temporary folder that is removed at the end, and by the next run if this one was killed."""

    def __init__(self) -> None:
        base = _temporary_base()
        _sweep(base)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        LEFTOVERS.folders.append(self)
        if os.geteuid() == 0:
            self.path.chmod(0o711)  # Postgres runs as another user and has to pass
        self._lock = _locked_file(self.path)

    def remove(self) -> None:
        """Nothing is left of it."""
        if self in LEFTOVERS.folders:
            LEFTOVERS.folders.remove(self)
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


@contextlib.contextmanager
def claimed(folder: Path) -> Generator[Path]:
    """The folder exists and no other run uses it inside the block; otherwise `DataFolderInUse`."""
    folder = folder.expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if not _locked(handle):
            raise DataFolderInUse(folder)
        yield folder
    finally:
        os.close(handle)


def _temporary_base() -> Path:
    base = Path(tempfile.gettempdir())
    return base if len(str(base)) <= _LONGEST_BASE else Path("/tmp")  # noqa: S108 - mkdtemp makes its own in it


def _locked_file(folder: Path) -> int:
    # Locked before it has its name: whoever finds `.lock` unlocked knows that its run is over.
    unnamed = folder / f"{_LOCK}.new"
    handle = os.open(unnamed, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    unnamed.rename(folder / _LOCK)
    return handle


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(base: Path) -> None:
    for folder in base.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.geteuid() and _is_over(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_over(folder: Path) -> bool:
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        # Made a moment ago, or its run was killed before it could lock.
        return time.time() - folder.stat().st_mtime > _YOUNG
    try:
        return _locked(handle)
    finally:
        os.close(handle)
