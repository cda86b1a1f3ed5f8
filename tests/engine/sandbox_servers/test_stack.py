from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx2
import psycopg
import pytest

from engine.sandbox.folders import DataFolderInUse
from engine.sandbox.processes import ServerDidNotStart
from engine.sandbox.stack import embedded_stack
from tests.engine.sandbox_servers.test_processes import alive

STACK = """
import asyncio
from engine.sandbox.leftovers import run
from engine.sandbox.stack import embedded_stack

async def main():
    print("begun", flush=True)
    async with embedded_stack():
        print("up", flush=True)
        await asyncio.sleep(60)
    print("down", flush=True)

run(main())
"""


async def test_all_three_start_together_and_answer() -> None:
    started = time.monotonic()
    async with embedded_stack() as addresses:
        assert time.monotonic() - started < 20
        assert addresses.folder.exists()
        async with await psycopg.AsyncConnection.connect(addresses.database_url) as connection:
            await connection.execute("SELECT 1")
        async with httpx2.AsyncClient() as client:
            answer = await client.get(f"{addresses.stripe_base}/_twin/health")
        assert answer.status_code == 200
        assert addresses.nats_url.startswith("nats://127.0.0.1:")
    assert not addresses.folder.exists()


async def test_what_is_given_is_not_started() -> None:
    async with embedded_stack(
        database_url="postgresql://elsewhere/x",
        nats_url="nats://elsewhere:1",
        stripe_base="https://api.stripe.com",
    ) as addresses:
        assert addresses.database_url == "postgresql://elsewhere/x"
        assert {file.name for file in addresses.folder.iterdir()} == {".lock"}


async def test_one_that_fails_takes_the_others_along(tmp_path: Path) -> None:
    (tmp_path / "postgres").touch()
    with pytest.raises(ServerDidNotStart, match="Postgres"):
        async with embedded_stack(tmp_path):
            pass
    assert not _processes_of(str(tmp_path))


async def test_two_runs_never_share_a_data_folder(tmp_path: Path) -> None:
    def stack() -> AbstractAsyncContextManager[object]:
        return embedded_stack(
            tmp_path, database_url="postgresql://x/x", nats_url="nats://x:1", stripe_base="x"
        )

    async with stack():
        with pytest.raises(DataFolderInUse):
            async with stack():
                pass


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A place for the temporary files of one run; its path marks the processes of the run."""
    folder = Path(tempfile.mkdtemp(prefix="ws-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    for left in _processes_of(str(folder)):  # only after a failure
        os.kill(int(left.split()[0]), signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


# Before it starts, while it starts, when it is up; once at a moment that nobody chose.
@pytest.mark.parametrize(
    ("number", "after"),
    [
        (signal.SIGINT, 0.0),
        (signal.SIGINT, 0.1),
        (signal.SIGTERM, 0.3),
        (signal.SIGINT, None),
        (signal.SIGHUP, "up"),
        (signal.SIGKILL, "up"),
        (signal.SIGKILL, 0.2),
    ],
)
def test_an_interrupted_stack_leaves_no_process_and_no_file(
    temporary: Path, number: int, after: float | str | None
) -> None:
    run = _start(temporary)
    if after == "up":
        assert run.stdout is not None
        assert run.stdout.readline() == b"up\n"
    else:
        time.sleep(random.uniform(0, 1.2) if after is None else float(after))  # noqa: S311 - any moment will do
    run.send_signal(number)
    run.communicate(timeout=30)
    assert run.returncode == (-number if number == signal.SIGKILL else 128 + number)
    _wait_for_none(str(temporary))
    if number != signal.SIGKILL:
        assert list(temporary.iterdir()) == []


def test_two_signals_at_once_leave_nothing_either(temporary: Path) -> None:
    run = _start(temporary)
    assert run.stdout is not None
    assert run.stdout.readline() == b"up\n"
    run.send_signal(signal.SIGINT)
    run.send_signal(signal.SIGTERM)
    run.communicate(timeout=30)
    _wait_for_none(str(temporary))
    assert list(temporary.iterdir()) == []


def _start(temporary: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("XDG_RUNTIME_DIR", None)
    run = subprocess.Popen(
        [sys.executable, "-c", STACK],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"begun\n"
    return run


def _processes_of(words: str) -> list[str]:
    found: list[str] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if words in command:
                found.append(f"{entry.name} {command}")
    return found


def _wait_for_none(words: str) -> None:
    end = time.monotonic() + 5
    while found := _processes_of(words):
        assert time.monotonic() < end, found
        time.sleep(0.02)
