"""How is the twin started? `python -m engine.sandbox.twin --port 0 --port-file FILE`."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from engine.sandbox.twin.core.world import World
from engine.sandbox.twin.web.app import build

_PR_SET_PDEATHSIG = 1
_MISUSED = 2


def _die_with_parent() -> None:
    """Have Linux end this process when the one that started it is gone."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)


def _listening(host: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(512)
    return listener


def _leave(_number: int, _frame: object) -> None:
    """End at once: nothing is served yet, or all is saved; an exception could be lost in a callback."""
    os._exit(0)


class Keeper:
    """Saves the world into a file, whole or not at all, when it changed."""

    def __init__(self, world: World, file: Path) -> None:
        self._world = world
        self._file = file
        self._saved = 0

    def load(self) -> None:
        """Bring back what the file holds, if there is one."""
        if self._file.exists():
            self._world.load(json.loads(self._file.read_text(encoding="utf-8")))

    def save(self) -> None:
        """Write the file if anything changed since the last time."""
        if self._saved == self._world.changes:
            return
        self._saved = self._world.changes
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self._world.save()), encoding="utf-8")
        draft.replace(self._file)


class Connection(HttpToolsProtocol):
    """A connection that the twin can close without an answer."""

    def on_message_begin(self) -> None:
        """Hand the closing of the connection to whoever answers the request."""
        super().on_message_begin()
        state = self.scope.setdefault("state", {})
        state["hang_up"] = self.transport.close


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine.sandbox.twin", description="The Stripe twin.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="where to write the port once it listens")
    parser.add_argument("--traffic", type=Path, help="where to append each exchange as a JSON line")
    parser.add_argument("--data", type=Path, help="file that keeps the state")
    parser.add_argument("--now", type=int, help="let the live clock stand at this Unix time until it is told")
    parser.add_argument(
        "--stand", action="store_true", help="let the live clock stand at the time of the start"
    )
    parser.add_argument("--seed", default="twin", help="ids follow from it")
    parser.add_argument(
        "--webhook-retries",
        choices=("hurried", "scheduled"),
        default="hurried",
        help="after fractions of a second, or as Stripe's on the live clock",
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, or until the parent process is gone."""
    signal.signal(signal.SIGTERM, _leave)
    _die_with_parent()
    options = _arguments(argv)
    try:
        listener = _listening(options.host, options.port)
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {options.host}:{options.port}: {error.strerror}.\n")
        return _MISUSED
    port: int = listener.getsockname()[1]
    world = World(seed=options.seed, base_url=f"http://{options.host}:{port}")
    traffic_file = options.traffic or os.environ.get("WALLSTREET_SANDBOX_TRAFFIC")
    with contextlib.ExitStack() as stack:
        traffic = (
            stack.enter_context(Path(traffic_file).open("a", encoding="utf-8")) if traffic_file else None
        )
        world.live = int(world.wall()) if options.stand and options.now is None else options.now
        world.settings.webhook_retries = options.webhook_retries
        keeper = Keeper(world, options.data) if options.data else None
        app = build(world, traffic, keeper)
        if options.port_file:
            draft = options.port_file.with_suffix(".new")
            draft.write_text(str(port), encoding="utf-8")
            draft.replace(options.port_file)
        config = uvicorn.Config(
            app, http=Connection, log_level="warning", timeout_graceful_shutdown=1, access_log=False
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
