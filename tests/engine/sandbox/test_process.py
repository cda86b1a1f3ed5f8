"""The twin as a process: same seed same ids, ends when told or orphaned, keeps its state where asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import stripe

from tests.conformance import findings
from tests.engine.sandbox.twin_client import FEB_1, JAN_1, Twin, untyped

_ROOT = Path(__file__).parents[3]


def start(folder: Path, *arguments: str) -> tuple[subprocess.Popen[bytes], Twin]:
    port_file = folder / f"port-{time.monotonic_ns()}"
    command = [sys.executable, "-m", "engine.sandbox.twin", "--port-file", str(port_file), *arguments]
    process = subprocess.Popen(command, cwd=_ROOT)
    wait_for(port_file.exists)
    return process, Twin.at(f"http://127.0.0.1:{port_file.read_text()}")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    process.send_signal(number)
    return process.wait(10)


def test_the_state_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "twin.json"
    process, twin = start(tmp_path, "--data", str(file))
    clock = twin.clock(JAN_1)
    customer = clock.customer()
    made = twin.v1.subscriptions.create({"customer": customer, "items": [{"price": twin.price(2000)}]})
    assert stop(process) == 0
    process, twin = start(tmp_path, "--data", str(file), "--traffic", str(tmp_path / "traffic.jsonl"))
    try:
        assert twin.v1.subscriptions.retrieve(made.id).status == "active"
        assert twin.get(f"/_twin/clocks/{clock.id}/next")["next"] == FEB_1
        assert twin.v1.customers.create({}).id != customer
        assert findings(tmp_path / "traffic.jsonl", twin.base) == []
    finally:
        assert stop(process, signal.SIGINT) == 0


def test_ids_follow_from_the_seed(tmp_path: Path) -> None:
    made: list[str] = []
    for _ in range(2):
        process, twin = start(tmp_path, "--seed", "same")
        made.append(twin.v1.customers.create({}).id)
        twin.post_json("/_twin/reset", {})
        made.append(twin.v1.customers.create({}).id)
        assert stop(process) == 0
    assert len(set(made)) == 1
    assert made[0].startswith("cus_")


def test_an_unknown_address(tmp_path: Path) -> None:
    process, twin = start(tmp_path)
    try:
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refused:
            untyped(twin.stripe).raw_request("get", "/v1/nonsense")
        assert refused.value.http_status == 404
    finally:
        assert stop(process) == 0


def test_it_does_not_outlive_its_parent(tmp_path: Path) -> None:
    port_file, pid_file = tmp_path / "port", tmp_path / "pid"
    program = (
        "import subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'engine.sandbox.twin', '--port-file']\n"
        f"child = subprocess.Popen([*command, {str(port_file)!r}])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=_ROOT)
    wait_for(port_file.exists)
    child = int(pid_file.read_text())
    assert stop(parent, signal.SIGKILL) == -signal.SIGKILL
    wait_for(lambda: not alive(child))


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits for its parent to look does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    return state != "Z"
