"""What is measured with: compiled programs, servers as processes of their own, and what they cost."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")


class Missing(Exception):
    """Something that is needed is not there; the message says what, and how to get it."""


@dataclass(frozen=True, slots=True)
class Bench:
    """One sitting: where the programs and the data lie, and how thorough it is to be."""

    folder: Path
    quick: bool

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 5

    def program(self, name: str) -> Path:
        """`name`.c, compiled. Raises `Missing`."""
        built = self.folder / name
        if not built.exists():
            compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
            if not compiler:
                raise Missing("No C compiler (cc, gcc or clang). On Debian and Ubuntu: sudo apt-get install gcc")
            subprocess.run([compiler, "-O2", "-o", built, HERE / f"{name}.c"], check=True)
        return built

    def new(self, name: str) -> Path:
        """A fresh folder."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path


def cores() -> tuple[set[int], set[int]]:
    """(for the server, for the load): apart, where there are two."""
    have = sorted(os.sched_getaffinity(0))
    return ({have[0]}, set(have[1:])) if len(have) > 1 else (set(have), set(have))


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    pid: int
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Seconds of processor time until now."""
        return processor(self.pid)

    def memory(self) -> int:
        return memory(self.pid)["Rss"]


def processor(*pids: int, children: bool = False) -> float:
    """Seconds of these processes until now; 0 of one that is gone. `children`: and of theirs, those that ended too."""
    found = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found += sum(map(int, fields[11 : 15 if children else 13]))
            if children:
                below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                found += round(processor(*map(int, below)) * TICKS)
    return found / TICKS


def memory(pid: int) -> dict[str, int]:
    """KB by name: Rss, Pss, Private_Dirty, …"""
    found: dict[str, int] = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        found[name] = int(rest.split()[0])
    return found


@contextlib.contextmanager
def started(words: Sequence[str | Path], port: int, *, pin: bool = True, log: Path | None = None) -> Iterator[Server]:
    """A server that answers; ended when the block is left."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PUSHBUTTON_")}
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(log.open("wb")) if log else subprocess.DEVNULL
        process = subprocess.Popen([str(word) for word in words], stdout=out, stderr=out, env=plain)
        try:
            until(lambda: process.poll() is not None or _listens(port), f"{words[1]} listens", 60)
            if process.poll() is not None:
                said = log.read_text().strip().splitlines()[-1:] if log else []
                raise Missing(f"{Path(words[1]).name} ended at once: {' '.join(said) or 'it said nothing'}")
            if pin:
                os.sched_setaffinity(process.pid, cores()[0])
            yield Server(process.pid, port)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def pushbutton(folder: Path, *more: str, pin: bool = True) -> Iterator[Server]:
    """Our own server as everybody starts it, with the tasks in `folder`/tasks."""
    port = free_port()
    tasks = folder / "tasks"
    tasks.mkdir(exist_ok=True)
    words: list[str | Path] = [
        sys.executable,
        "-m",
        "pushbutton",
        "serve",
        tasks,
        "--port",
        str(port),
        "--data",
        folder / "data",
        *more,
    ]
    with started(words, port, pin=pin, log=folder / "log") as server:
        yield server


def script(folder: Path, name: str, text: str) -> None:
    path = folder / "tasks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@contextlib.contextmanager
def lasting(folder: Path, name: str) -> Iterator[None]:
    """A task whose jobs last until the block is left, and no longer than this process, however it ends."""
    pipe = folder / f"{name}.pipe"
    os.mkfifo(pipe)
    script(folder, f"{name}.sh", f"#!/bin/sh\nread line < '{pipe}'\n")
    held = os.open(pipe, os.O_RDWR)
    try:
        yield
    finally:
        os.close(held)


def facts(spool: Path) -> dict[str, dict[str, int]]:
    """What a run's supervisor wrote down, by kind: `born`, `started`, `end`, …"""
    try:
        lines = (spool / "events").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {fact["k"]: fact for fact in reversed([json.loads(line) for line in lines])}


def press(server: Server, task: str) -> int:
    return int(_asked(server, "POST", f"/api/tasks/{task}/runs", b"{}")["number"])


def state(server: Server, run: int) -> str:
    return str(_asked(server, "GET", f"/api/runs/{run}")["state"])


def _asked(server: Server, method: str, path: str, body: bytes = b"") -> Any:
    """By the plainest client there is: a better one takes longer to be made than what is measured takes."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        text = answer.read()
    if answer.status >= 300:
        raise Missing(f"{path} answered {answer.status}: {text[:200].decode(errors='replace')}")
    return json.loads(text)


def finished(server: Server, run: int, seconds: float = 120) -> None:
    until(lambda: state(server, run) not in {"waiting", "running"}, f"run {run} is over", seconds)


def load(bench: Bench, server: Server, path: str, streams: int, **options: Any) -> dict[str, float]:
    """What `client` counted. Options are its letters."""
    words: list[str] = [str(bench.program("client")), "-P", str(server.port), "-u", path, "-n", str(streams)]
    words += ["-p", str(server.pid)]
    for name, value in options.items():
        words += [f"-{name}"] if value is True else [f"-{name}", str(value)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False, preexec_fn=_on_load_core)
    if not done.stdout:
        raise Missing(f"the load client ended with code {done.returncode}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _on_load_core() -> None:
    os.sched_setaffinity(0, cores()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def until(true: Callable[[], bool], what: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise Missing(f"not within {seconds:g} s: {what}")
        time.sleep(0.005)


def middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def spread(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"
