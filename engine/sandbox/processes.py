"""How is a server started so that it can never outlive us?"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.sandbox.leftovers import LEFTOVERS

T = TypeVar("T")

_BOUND = Path(__file__).with_name("bound.py")
_POLL = 0.004
_LOG_LINES = 12


class ServerDidNotStart(Exception):
    """An embedded server ended, or stayed silent, before it was ready; tells the end of its log."""

    def __init__(self, name: str, why: str, log: Path | None = None) -> None:
        tail = _tail(log)
        super().__init__(
            f"The embedded {name} did not start: {why}." + (f" Its log ends:\n{tail}" if tail else "")
        )


def _tail(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Whom a server runs as when we are root and it refuses to be."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, where its words go, how it is told to stop and how long it may take over that."""

    name: str
    argv: Sequence[str]
    log: Path
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0
    user: SystemUser | None = None
    environment: Mapping[str, str] | None = None


class Child:
    """A running program: it ends with us however we end, and earlier when told."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process = _spawn(program)
        LEFTOVERS.servers.append(self)

    @property
    def pid(self) -> int:
        """The program's own process id: what binds it to us replaces itself by it."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The code it ended with, or None while it runs."""
        return self._process.poll()

    async def wait(self) -> int:
        """The exit code, once it has ended by itself."""
        while (code := self.exit_code) is None:  # noqa: ASYNC110 - no event tells of a process of another loop
            await asyncio.sleep(_POLL)
        return code

    async def stop(self) -> None:
        """It has ended when this returns or raises: asked first, killed after its grace or when cancelled."""
        try:
            self._signal(self.program.stop_signal)
            async with asyncio.timeout(self.program.grace):
                await self.wait()
        except TimeoutError:
            pass
        finally:
            self.kill()

    def kill(self) -> None:
        """It and its process group have ended when this returns."""
        if self.exit_code is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        if self in LEFTOVERS.servers:
            LEFTOVERS.servers.remove(self)

    def end_now(self) -> None:
        """As `stop`, without an event loop and with little patience."""
        self._signal(self.program.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self.kill()

    def _signal(self, number: int) -> None:
        if self.exit_code is None:
            self._process.send_signal(number)


def _spawn(program: Program) -> subprocess.Popen[bytes]:
    user = program.user or SystemUser(-1, -1)
    bound = [str(int(program.stop_signal)), str(os.getpid()), str(user.uid), str(user.gid)]
    with program.log.open("ab") as log:
        # A session of its own: Ctrl-C in the terminal reaches us alone, and we end the servers in order.
        return subprocess.Popen(  # noqa: S603 - our own servers, by full path, without a shell
            [sys.executable, "-I", "-S", str(_BOUND), *bound, *program.argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=None if program.environment is None else dict(program.environment),
            start_new_session=True,
        )


@asynccontextmanager
async def running(
    program: Program, ready: Callable[[Child], T | None], *, patience: float = 60.0
) -> AsyncGenerator[T]:
    """The server runs inside the block and is gone after it; the block begins when `ready` gives a value."""
    child = Child(program)
    try:
        yield await _until_ready(child, ready, patience)
    finally:
        await child.stop()


async def _until_ready(child: Child, ready: Callable[[Child], T | None], patience: float) -> T:
    program = child.program
    end = time.monotonic() + patience
    while (value := ready(child)) is None:
        if (code := child.exit_code) is not None:
            raise ServerDidNotStart(program.name, f"it ended with code {code}", program.log)
        if time.monotonic() > end:
            raise ServerDidNotStart(program.name, f"it was not ready after {patience:.0f} s", program.log)
        await asyncio.sleep(_POLL)
    return value


async def finish(program: Program) -> None:
    """The program ran to a good end; otherwise `ServerDidNotStart`, and nothing of it runs on."""
    child = Child(program)
    try:
        if code := await child.wait():
            raise ServerDidNotStart(program.name, f"it ended with code {code}", program.log)
    finally:
        child.kill()
