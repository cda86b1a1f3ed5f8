"""What must be gone before this process is? Every server it started and every folder it made."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

_AGAIN = 5.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Server(Protocol):
    """Something that runs and can be ended without an event loop."""

    def end_now(self) -> None:
        """It has ended when this returns."""
        ...


class Folder(Protocol):
    """Something on disk that can be removed."""

    def remove(self) -> None:
        """Nothing is left of it when this returns."""
        ...


class Leftovers:
    """The servers and folders of this process that are still there."""

    def __init__(self) -> None:
        self.servers: list[Server] = []
        self.folders: list[Folder] = []
        self._process = os.getpid()

    def clear(self) -> None:
        """Nothing is left: servers first, since they write into the folders. A forked copy does nothing."""
        if os.getpid() != self._process:
            return
        for server in list(self.servers):
            server.end_now()
        for folder in list(self.folders):
            folder.remove()


LEFTOVERS = Leftovers()
atexit.register(LEFTOVERS.clear)


def run(
    main: Coroutine[Any, Any, T], *, loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
) -> T:
    """Like `asyncio.run`, but Ctrl-C, SIGTERM and a closed terminal unwind every block before the end.

    A second signal ends at once, and still leaves nothing. Raises SystemExit(128 + signal) after a signal.
    """
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        task = runner.get_loop().create_task(main)
        received: list[int] = []

        def on_signal(number: int, _frame: FrameType | None) -> None:
            received.append(number)
            if len(received) > 1:
                LEFTOVERS.clear()
                os._exit(128 + number)
            runner.get_loop().call_soon_threadsafe(_cancel, task)

        before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
        try:
            return runner.run(_awaited(task))
        except asyncio.CancelledError:
            if not received:
                raise
            raise SystemExit(128 + received[0]) from None
        finally:
            for number, handler in before.items():
                with contextlib.suppress(TypeError):  # a handler that was not set from Python
                    signal.signal(number, handler)


def _cancel(task: asyncio.Task[Any]) -> None:
    # Repeated, because a library may take the first for an error of its own and go on.
    if not task.done():
        task.cancel()
        task.get_loop().call_later(_AGAIN, _cancel, task)


async def _awaited(task: asyncio.Task[T]) -> T:
    return await task
