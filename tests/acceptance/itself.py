"""A program that says what it is: all that a process has from the one who started it, and from its interpreter."""

from __future__ import annotations

import gc
import json
import locale
import os
import resource
import signal
import stat
import sys
import threading
import time
from pathlib import Path
from typing import Any


def _stream(stream: Any) -> list[object]:
    return [stream.encoding, stream.errors, stream.line_buffering, stream.isatty(), stream.seekable(), stream.fileno(),
            stream.name, type(stream.buffer).__name__, getattr(stream, "write_through", None)]  # fmt: skip


def _kept_by_the_kernel() -> dict[str, str]:
    wanted = {
        "Umask",
        "Threads",
        "SigBlk",
        "SigIgn",
        "SigCgt",
        "Uid",
        "Gid",
        "Groups",
        "CapEff",
        "NoNewPrivs",
        "Seccomp",
    }
    lines = (line.partition(":") for line in Path("/proc/self/status").read_text().splitlines())
    return {name: value.strip() for name, _, value in lines if name in wanted}


def _main() -> dict[str, object]:
    limits = {name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT_")}
    return {
        "argv": sys.argv,
        "argv of the interpreter": sys.orig_argv,
        "command line": Path("/proc/self/cmdline").read_text().rstrip("\0"),
        "environment": dict(os.environ),
        "folder": str(Path.cwd()),
        "name": [__name__, __spec__.name, sys.modules["__main__"].__dict__ is globals()],
        "path": sys.path,
        "flags": str(sys.flags),
        "warnings": sys.warnoptions,
        "bytecode": sys.dont_write_bytecode,
        "streams": [_stream(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)],
        "the same streams": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__],
        "input": sys.stdin.read(),
        "descriptors": {name: stat.S_IFMT(Path(f"/proc/self/fd/{name}").stat().st_mode) for name in ("0", "1", "2")},
        "more descriptors": [name for name in os.listdir("/proc/self/fd") if int(name) > 3],  # 3 lists them
        "signals": [str(signal.getsignal(one)).partition(" at ")[0] for one in sorted(signal.valid_signals())],
        "kernel": _kept_by_the_kernel(),
        "session": [os.getsid(0), os.getpgid(0)],
        "niceness": os.nice(0),
        "limits": limits,
        "locale": [locale.setlocale(locale.LC_ALL), locale.getpreferredencoding(), sys.getfilesystemencoding()],
        "zone": time.tzname,
        "threads": [thread.name for thread in threading.enumerate()],
        "collector": [gc.isenabled(), gc.get_threshold(), gc.get_debug()],
        "recursion": sys.getrecursionlimit(),
        "hooks": [str(sys.excepthook), str(sys.displayhook), str(sys.unraisablehook)],
    }  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_main()))
    sys.stderr.write("é\udcff ☃\n")
    sys.exit(7)
