"""A command that is forked is the one that a new interpreter would be, as far as it can tell."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pushbutton.cli.exits import Exit

from . import forked
from .serving import PATIENCE, Command, Served, environment

WORDS = ("itself", "two words", "é", "-x")


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Path]:
    """Started with all that a test may give: another mask, limits and folder, and something to read."""
    shutil.copy(forked.REPOSITORY / "tests" / "acceptance" / "itself.py", tmp_path)
    (tmp_path / "input").write_bytes(b"line\r\nand another")
    mask, limits = os.umask(0o027), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, limits[1]))
    yield tmp_path
    os.umask(mask)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def said(start: Callable[..., subprocess.Popen[bytes] | forked.Forked], folder: Path) -> tuple[int, str, str]:
    """Its exit code, and what it said on both pipes: little, so that it waits for no reader."""
    ends = [os.pipe(), os.pipe()]
    with (folder / "input").open() as file:
        code = start(file.fileno(), *(its for _, its in ends)).wait(PATIENCE)
    for _, its in ends:
        os.close(its)
    out, err = (os.fdopen(ours, "rb") for ours, _ in ends)
    with out, err:
        return code, out.read().decode(), err.read().decode()


def test_a_fork_cannot_tell_itself_from_a_new_interpreter(given):
    env = environment(TZ="Asia/Kathmandu", NEW="é\udcff")

    def interpreter(stdin: int, out: int, err: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", *WORDS], env=env, cwd=given, stdin=stdin, stdout=out, stderr=err)

    def fork(stdin: int, out: int, err: int) -> forked.Forked:
        return forked.start(WORDS, env=env, cwd=given, stdin=stdin, out=out, err=err)

    ended = [said(interpreter, given), said(fork, given)]
    assert [(code, complained) for code, _, complained in ended] == [(7, "é\\udcff ☃\n")] * 2
    found = [json.loads(text) for _, text, _ in ended]
    assert {name: [one[name] for one in found] for name in found[0] if found[0][name] != found[1][name]} == {}


ENDING = """
import atexit, sys, threading, time
atexit.register(print, "the last word")
threading.Thread(target=lambda: [time.sleep(0.05), print("a thread's word")]).start()
exec(sys.argv[1])
"""


@pytest.mark.parametrize(
    "how", ["", "sys.exit()", "sys.exit(7)", "sys.exit(-1)", "sys.exit(True)", "sys.exit('no')", "sys.exit([])", "1/0"]
)
def test_a_fork_ends_as_an_interpreter_does(given, how):
    (given / "ending.py").write_text(ENDING)
    words, env = ["ending", how], environment()

    def interpreter(stdin: int, out: int, err: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", *words], env=env, cwd=given, stdin=stdin, stdout=out, stderr=err)

    def fork(stdin: int, out: int, err: int) -> forked.Forked:
        return forked.start(words, env=env, cwd=given, stdin=stdin, out=out, err=err)

    (code, out, err), now = said(interpreter, given), said(fork, given)
    assert now[:2] == (code, out)
    assert now[2].splitlines()[-1:] == err.splitlines()[-1:]  # in a traceback each has lines of its own in front


def test_what_ended_a_fork_is_told_as_of_a_child(tmp_path):
    with Command("audit", "export", "--data", tmp_path / "nowhere") as command:
        assert command.wait() == Exit.TROUBLE
    with Served(tmp_path) as server:
        assert server.alive
        with pytest.raises(subprocess.TimeoutExpired):
            server.command.process.wait(0)
        server.command.signal(signal.SIGKILL)
        assert server.command.wait() == -signal.SIGKILL
        assert not server.alive
