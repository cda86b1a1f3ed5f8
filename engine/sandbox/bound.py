"""How does a server end with whoever started it? A tiny program that binds itself, then becomes the server.

Run as a file: `python -I -S bound.py SIGNAL PARENT UID GID PROGRAM ARGUMENT...`. Linux sends SIGNAL to the
program when the parent ends, however it ends. With UID >= 0 (only as root) the program runs as that system
user and keeps one right of root: to pass through folders, so that an environment below /root works and stays
closed to others. Done here and not in a `preexec_fn`, which is not safe in a program with threads.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def become(uid: int, gid: int) -> None:
    """Give up root for a system user, but keep the right to pass through folders where that is allowed."""
    libc = ctypes.CDLL(None)
    keep = libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if keep:
        # A container often lacks the narrow right but has the wide one; without either we go on and the
        # server says in its log what it cannot reach.
        _ = any(_keep_capability(libc, bit) for bit in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE))


def _keep_capability(libc: ctypes.CDLL, bit: int) -> bool:
    header = _Header(CAPABILITY_VERSION_3, 0)
    data = (_Data * 2)()
    data[0] = _Data(1 << bit, 1 << bit, 1 << bit)
    if libc.capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        return False
    return bool(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0) == 0)


def bind(signal_number: int, parent: int) -> None:
    """Ask the kernel to end this process with its parent; ends at once if the parent is gone already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main(arguments: list[str]) -> None:
    """Bind, change the user if told, and become the program; never returns."""
    signal_number, parent, uid, gid = (int(argument) for argument in arguments[:4])
    on_linux = sys.platform.startswith("linux")
    if uid >= 0:
        become(uid, gid)
    if on_linux:
        # After the change of user, which would clear it.
        bind(signal_number, parent)
    os.umask(0o077)
    os.execv(arguments[4], arguments[4:])  # noqa: S606 - the program is one of our own servers, by full path


if __name__ == "__main__":
    main(sys.argv[1:])
