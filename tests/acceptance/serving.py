"""A real server in a process of its own, for tests that kill, restart and watch it.

with Served(folder) as server:
    number = server.press("deploy", env="prod")
    server.kill9()
    server.restart()
    assert server.finished(number)["state"] == "succeeded"

Leaving the block ends the server and every run that its data folder still has, and nothing else.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

import httpx
from httpx_sse import ServerSentEvent, connect_sse

from pushbutton.supervisor import spool
from tests import ports

from . import forked
from .worlds import told_to_stop

PATIENCE = 120.0
"""Seconds that anything here may take before it is a failure."""


def until(true: Callable[[], Any], *, what: str, seconds: float = PATIENCE) -> Any:
    """The first truthy answer of `true()`; `AssertionError` naming `what` when there is none in time.

    It asks less often what takes longer: a question is a request as often as not, which somebody has to answer.
    """
    end, pause = time.monotonic() + seconds, 0.01
    while not (answer := true()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(pause)
        pause = min(pause * 1.2, 0.05)
    return answer


def environment(**more: str) -> dict[str, str]:
    """Ours, without what a developer may have set for Pushbutton, and plain of colours and widths."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PUSHBUTTON_")}
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS"):
        plain.pop(name, None)
    return {**plain, "PYTHONUNBUFFERED": "1", **more}


class Lines:
    """The lines of a pipe, read by a thread as they come."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._grown = threading.Condition()
        self._lines: list[str] = []
        self._over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._pipe:
            with self._grown:
                self._lines.append(line.decode(errors="replace").rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self._over = True
            self._grown.notify_all()

    @property
    def text(self) -> str:
        with self._grown:
            return "\n".join(self._lines)

    def wait_for(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """The first line in which the pattern is found, whether it was there or comes."""
        end = time.monotonic() + seconds
        seen = 0
        with self._grown:
            while True:
                for line in self._lines[seen:]:
                    seen += 1
                    if found := re.search(pattern, line):
                        return found
                if self._over or not self._grown.wait(max(0.0, end - time.monotonic())):
                    ended = "ended without" if self._over else f"not within {seconds:g} s:"
                    raise AssertionError(f"{ended} {pattern!r} in:\n" + "\n".join(self._lines))

    def close(self) -> None:
        """Only when the process has ended: it waits for the rest."""
        self._thread.join(PATIENCE)
        self._pipe.close()


class Command:
    """`python -m pushbutton …` as a process of its own, with what it says on both pipes. `before`: words in front, of
    programs that become it; `by`: another Python.

    It is a fork of a process that has loaded everything (`forked`), except with `fresh`, for what looks at the start
    of an interpreter or at what a password costs, and where a fork would not be the same.
    """

    def __init__(
        self,
        *words: str | os.PathLike[str],
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        before: Sequence[str] = (),
        by: str = sys.executable,
        fresh: bool = False,
    ) -> None:
        said, its_out = os.pipe()
        complained, its_err = os.pipe()
        own, told = ["pushbutton", *(str(word) for word in words)], environment(**(env or {}))
        given = stdin if isinstance(stdin, int) else stdin.fileno()
        self.process: subprocess.Popen[bytes] | forked.Forked
        try:
            if fresh or before or by != sys.executable or not forked.possible(told, given):
                whole = [*before, by, "-m", *own]
                self.process = subprocess.Popen(whole, stdin=given, stdout=its_out, stderr=its_err, env=told, cwd=cwd)
            else:
                self.process = forked.start(own, env=told, cwd=cwd, stdin=given, out=its_out, err=its_err)
        finally:
            os.close(its_out)
            os.close(its_err)
        self.out, self.err = Lines(os.fdopen(said, "rb")), Lines(os.fdopen(complained, "rb"))

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def asleep(self) -> bool:
        """Whether its main thread waits for something at this moment, and not for its turn on a processor."""
        return self._stat()[0] in {"S", "D"}

    @property
    def worked(self) -> float:
        """Seconds of processor time so far, of all its threads."""
        return (int(self._stat()[11]) + int(self._stat()[12])) / os.sysconf("SC_CLK_TCK")

    def _stat(self) -> list[str]:
        """What the kernel says of it, from its state on."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Its exit code; everything that it said is in `out` and `err` then."""
        code = self.process.wait(seconds)
        self.out.close()
        self.err.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.alive:
            self.process.kill()
        self.wait()


class Served:
    """`pushbutton serve PATHS --data …`, started at once; ready when the constructor returns.

    `data` is beside the first path unless it is given; `before`, `by` and `fresh` are as for `Command`. `settings`
    are options of `serve`: at_once=2 is --at-once 2.
    """

    def __init__(
        self,
        *paths: str | os.PathLike[str],
        data: str | os.PathLike[str] | None = None,
        port: int = 0,
        env: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
        by: str = sys.executable,
        fresh: bool = False,
        **settings: object,
    ) -> None:
        first = Path(paths[0]) if paths else Path()
        self.data = Path(data) if data else (first if first.is_dir() else first.parent) / ".pushbutton"
        self._paths, self._env = paths, env
        self._before, self._by, self._fresh = before, by, fresh
        self._options = [
            word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        self.port = port or ports.lasting()
        self.url = ""
        self.errors: list[str] = []  # what the processes before the present one wrote to stderr
        self.http = httpx.Client()
        self.start()

    # -- its life

    def start(self) -> None:
        """Raises `AssertionError` with what it wrote to stderr when it does not come up."""
        words = ("serve", *self._paths, "--data", self.data, "--port", str(self.port), *self._options)
        self.command = Command(*words, env=self._env, before=self._before, by=self._by, fresh=self._fresh)
        try:
            self.url = self.command.out.wait_for(r"(http://\S+?)/?$")[1]
            self.command.out.wait_for(r"^Ctrl\+C")  # the last line of what it says at its start
        except AssertionError as error:
            with self.command:
                pass
            raise AssertionError(f"{error}\nstderr:\n{self.command.err.text}") from None
        self.port = int(self.url.rpartition(":")[2])
        self.http.close()
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE)

    @property
    def pid(self) -> int:
        return self.command.pid

    @property
    def alive(self) -> bool:
        return self.command.alive

    @property
    def out(self) -> str:
        return self.command.out.text

    @property
    def err(self) -> str:
        """Everything that it ever wrote to stderr, also before a restart."""
        return "\n".join([*self.errors, self.command.err.text])

    def kill9(self) -> None:
        self.command.process.kill()
        self._ended()

    def term(self) -> int:
        """Ask it to end; the exit code."""
        self.command.signal(signal.SIGTERM)
        return self._ended()

    def restart(self) -> None:
        """A new process on the same port and data. One that still lives is killed first."""
        if self.alive:
            self.kill9()
        self.errors.append(self.command.err.text)
        self.start()

    def _ended(self) -> int:
        code = self.command.wait()
        self.http.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.alive:
            self.command.signal(signal.SIGTERM)
            try:
                self._ended()
            except subprocess.TimeoutExpired:
                self.kill9()
        self.http.close()
        self.end_runs()

    def end_runs(self) -> None:
        """End what still runs on the data folder, through each run's own supervisor."""
        for number in self.held():
            told_to_stop(self.data / "runs" / str(number))
        until(lambda: not self.held(), what="every supervisor is gone")

    def held(self) -> list[int]:
        """The runs that have a live supervisor, whether the server lives or not."""
        runs = self.data / "runs"
        found = [path for path in runs.iterdir() if path.is_dir()] if runs.is_dir() else []
        return sorted(int(path.name) for path in found if spool.is_held(path))

    # -- what it answers

    def get(self, path: str, **options: Any) -> Any:
        """The JSON at a path of the API."""
        return self.http.get(path, **options).raise_for_status().json()

    def tasks(self) -> dict[str, Any]:
        return {task["slug"]: task for task in self.get("/api/tasks")}

    def press(self, task: str, /, **inputs: Any) -> int:
        """The new run's number."""
        answer = self.http.post(f"/api/tasks/{task}/runs", json={"inputs": inputs})
        assert answer.status_code == 202, answer.text
        number: int = answer.json()["number"]
        return number

    def run(self, number: int) -> dict[str, Any]:
        run: dict[str, Any] = self.get(f"/api/runs/{number}")
        return run

    def output(self, number: int) -> bytes:
        return self.http.get(f"/api/runs/{number}/output").raise_for_status().content

    def output_has(self, number: int, text: bytes) -> None:
        """Wait until the run has written it."""
        until(lambda: text in self.output(number), what=f"{text!r} in the output of run {number}")

    def events(self, number: int, *, since: int = 0) -> Iterator[dict[str, Any]]:
        """A run's events as they come, to its last one."""
        for event in self.frames(f"/api/runs/{number}/events?since={since}"):
            yield event.json()

    def frames(self, path: str, **headers: str) -> Iterator[ServerSentEvent]:
        """The frames of a stream that hold something, until it ends."""
        with connect_sse(self.http, "GET", path, headers=headers) as source:
            source.response.raise_for_status()
            yield from (frame for frame in source.iter_sse() if frame.data)

    def finished(self, number: int) -> dict[str, Any]:
        """Wait for the run's end; the run as it is then."""
        for _ in self.events(number):
            pass
        run = self.run(number)
        assert run["over"], run
        return run
