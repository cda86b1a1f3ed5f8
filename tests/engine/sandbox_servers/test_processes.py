from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.sandbox.processes import Child, Program, ServerDidNotStart, finish, running

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal; signal.signal(15, signal.SIG_IGN); " + SLEEP


def _python(code: str, folder: Path, *, grace: float = 5.0) -> Program:
    return Program("thing", [sys.executable, "-c", code], folder / "log", grace=grace)


def _up(child: Child) -> int | None:
    return child.pid if "up" in child.program.log.read_text() else None


def alive(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_server_runs_inside_its_block_only(tmp_path: Path) -> None:
    async with running(_python(SLEEP, tmp_path), _up) as pid:
        assert alive(pid)
        assert os.getsid(pid) != os.getsid(0)
    assert not alive(pid)


async def test_a_server_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    async with running(_python(DEAF, tmp_path, grace=0.1), _up) as pid:
        pass
    assert not alive(pid)


async def test_a_cancelled_stop_kills_at_once(tmp_path: Path) -> None:
    child = Child(_python(DEAF, tmp_path, grace=60))
    await _until(lambda: _up(child) is not None)
    stopping = asyncio.create_task(child.stop())
    await asyncio.sleep(0.05)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not alive(child.pid)


async def test_a_cancelled_start_leaves_nothing(tmp_path: Path) -> None:
    async def start() -> None:
        async with running(_python(SLEEP, tmp_path), lambda _: None):
            pass

    starting = asyncio.create_task(start())
    await asyncio.sleep(0.1)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not _children_of(os.getpid(), SLEEP)


async def test_what_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(
        ServerDidNotStart, match=r"thing did not start: it ended with code 3\.(.|\n)*no more disk"
    ):
        async with running(_python("print('no more disk'); raise SystemExit(3)", tmp_path), lambda _: None):
            pass


async def test_what_stays_silent_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(ServerDidNotStart, match="not ready after 0 s"):
        async with running(_python(SLEEP, tmp_path), lambda _: None, patience=0.1):
            pass


async def test_a_program_that_fails_is_told(tmp_path: Path) -> None:
    await finish(_python("", tmp_path))
    with pytest.raises(ServerDidNotStart, match="code 1"):
        await finish(_python("raise SystemExit(1)", tmp_path))


async def test_a_killed_parent_takes_its_server_along(tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from engine.sandbox.processes import Child, Program
        child = Child(Program("thing", [sys.executable, "-c", {SLEEP!r}], Path({str(tmp_path / "log")!r})))
        print(child.pid, flush=True)
        time.sleep(60)
        """)
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(parent),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    pid = int(await process.stdout.readline())
    await _until(lambda: "up" in (tmp_path / "log").read_text())
    assert alive(pid)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await _until(lambda: not alive(pid))


async def _until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true within ten seconds")


def _children_of(parent: int, words: str) -> list[int]:
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and alive(int(entry.name)):
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            if int(stat[1]) == parent and words in command:
                found.append(int(entry.name))
    return found
