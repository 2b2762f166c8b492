"""The process that `forked` forks: it loads what commands and servers load, then becomes one for each request.

    python -m tests.acceptance.origin DESCRIPTOR ROOM

It has one thread and no loop, so that a fork is whole. DESCRIPTOR is a socket; each message brings four descriptors:
a line to the one who asks, and what are to be stdin, stdout and stderr. The fork reads from the line what it is to be;
the origin writes there its pid and, when it has ended, its status. ROOM is overwritten with each fork's command line.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import json
import os
import pkgutil
import resource
import runpy
import select
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

import pushbutton
from pushbutton.cli import contents, group
from pushbutton.web.views.render import environment
from pushbutton.web.words.i18n import LANGUAGES

PROGRAMS = ("pushbutton.__main__", "pushbutton.job", "pushbutton.describe.describe", "pushbutton.supervisor.main")
"""Begun by interpreters of their own."""
ON_USE = (
    "anyio._backends._asyncio", "cryptography.hazmat.primitives.ciphers.aead", "fastapi.openapi.utils", "httpx",
    "httpx_sse", "markdown_it", "nh3", "rich.console", "ruamel.yaml", "segno", "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)  # fmt: skip
"""What our modules load when they use it."""
CHEAP = (1, 8, 1, *(PasswordHasher.__init__.__defaults__ or ())[3:])
"""Rounds, KiB and threads of a password's hash: the usual ones take a tenth of a second of the processor, on purpose.
That is looked at in `tests/unit/adapters/test_passwords.py`, and at servers that are started `fresh`.
"""
NUMBER = struct.Struct("i")


def main() -> None:
    """Returns in the fork, which is to become a command; in the origin it ends the process."""
    _load()
    asked = socket.socket(fileno=int(sys.argv[1]))
    begun: dict[int, tuple[int, socket.socket]] = {}  # by what tells of its end: its pid, the line
    poll = select.poll()
    poll.register(asked, select.POLLIN)
    gc.collect()
    gc.freeze()
    while True:
        for descriptor, _ in poll.poll():
            if descriptor in begun:
                pid, line = begun.pop(descriptor)
                poll.unregister(descriptor)
                os.close(descriptor)
                with line, suppress(OSError):
                    line.sendall(NUMBER.pack(os.waitpid(pid, 0)[1]))
                continue
            message, descriptors, _, _ = socket.recv_fds(asked, 1, 4)
            if not message:
                sys.exit()
            line = socket.socket(fileno=descriptors[0])
            if (pid := os.fork()) == 0:
                for other in (asked, *(line for _, line in begun.values())):
                    other.close()
                _become(line, descriptors[1:])
                return
            for given in descriptors[1:]:
                os.close(given)
            line.sendall(NUMBER.pack(pid))
            ending = os.pidfd_open(pid)
            begun[ending] = pid, line
            poll.register(ending, select.POLLIN)


def _load() -> None:
    for module in pkgutil.walk_packages(pushbutton.__path__, "pushbutton."):
        if not module.name.startswith(PROGRAMS):
            with suppress(ImportError):  # of an extra that is not there
                import_module(module.name)
    for name in ON_USE:
        import_module(name)
    for language in LANGUAGES:
        pages = environment(language)
        for name in pages.list_templates():
            pages.get_template(name)  # compiled with the first page that needs it
    PasswordHasher.__init__.__defaults__ = CHEAP
    group.parser = cache(group.parser)  # each command of a fork would make it anew
    for name in {name for rows in contents.COMMANDS.values() for name, _ in rows.values()}:
        group.parser(name)


def _become(line: socket.socket, standard: list[int]) -> None:
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
    with line, line.makefile("rb") as file:
        told = json.loads(file.read(struct.unpack("I", file.read(4))[0]))
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environb.update({bytes.fromhex(name): bytes.fromhex(value) for name, value in told["env"].items()})
    time.tzset()
    os.umask(told["umask"])
    for number, limits in told["limits"]:
        resource.setrlimit(number, limits)
    os.chdir(told["cwd"])
    _read_anew()
    sys.path[0] = told["cwd"]
    sys.orig_argv = [sys.executable, "-m", *told["argv"]]
    sys.argv = told["argv"]
    _show(sys.orig_argv)


def _read_anew() -> None:
    """A stream for stdin: the one that is there remembers of the origin's that it can be wound back."""
    was: Any = sys.stdin
    file = open(0, "rb", closefd=False)  # noqa: SIM115  open as long as the process is
    file.raw.name = was.name  # type: ignore[attr-defined]
    now = io.TextIOWrapper(file, was.encoding, was.errors, newline="\n", write_through=was.write_through)
    sys.stdin = sys.__stdin__ = now  # type: ignore[misc]


def _show(words: list[str]) -> None:
    """Write the command line where the kernel reads it for others."""
    fields: Any = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(fields[45]), int(fields[46])
    line = b"\0".join([*map(os.fsencode, words), b""])[: end - begin - 1]
    ctypes.memset(begin, 0, end - begin)
    ctypes.memmove(begin, line, len(line))


def _end(given: Any) -> None:
    """What an interpreter does before it takes itself apart; that would write into all of the memory that is shared
    with the origin, which is the greatest part of what a fork costs. Where its streams are broken, it says so itself.

    `given` is what `sys.exit` was called with.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    if given is not None and not isinstance(given, int):
        print(given, file=sys.stderr)  # noqa: T201  as the interpreter does
        given = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit((given or 0) & 0xFF)


main()
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as end:
    with suppress(OSError, ValueError):
        _end(end.code)
    raise
