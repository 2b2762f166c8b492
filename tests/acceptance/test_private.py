"""Nobody looks into the processes that hold secrets. Servers of a user that is not root, and jobs that are curious."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pushbutton.supervisor import process

from . import somebody
from .serving import PATIENCE, Command, Served, environment
from .worlds import alive, script

SOFT = 4096
"""The limit of core dumps that everything here is started with."""

LOOK = """
import ctypes, json, os, resource, sys

def tried(what):
    try:
        what()
    except OSError:
        return False
    return True

def traced(own, pid):
    attach, let_go = 16, 17
    if own.ptrace(attach, pid, 0, 0) != 0:
        return False
    os.waitpid(pid, 0)
    own.ptrace(let_go, pid, 0, 0)
    return True

def look(pid):
    own = ctypes.CDLL(None, use_errno=True)
    found = {
        "environment": tried(lambda: open(f"/proc/{pid}/environ", "rb").read()),
        "memory": tried(lambda: open(f"/proc/{pid}/mem", "rb")),
        "map": tried(lambda: open(f"/proc/{pid}/maps", "rb").read()),
        "descriptors": tried(lambda: os.listdir(f"/proc/{pid}/fd")),
        "folder": tried(lambda: os.readlink(f"/proc/{pid}/cwd")),
        "traced": traced(own, pid),
    }
    return [name for name, could in found.items() if could] + [own_limit(pid)]

def own_limit(pid):
    try:
        line = next(line for line in open(f"/proc/{pid}/limits") if line.startswith("Max core file size"))
    except OSError:
        return "hidden"
    return line.split()[4]

sys.stdout.write(json.dumps([look(os.getppid()), look(int(os.environ["SERVER"])), look(os.getpid())]) + "\\n")
"""

HEAD = "[params.server]\ntype = 'int'"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that closes a process to others")


@pytest.fixture
def place() -> Iterator[Path]:
    with somebody.place() as place:
        yield place


@pytest.fixture(autouse=True)
def core_dumps() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    if 0 <= before[1] < SOFT:
        pytest.skip("no process here may write a core dump")
    resource.setrlimit(resource.RLIMIT_CORE, (SOFT, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


def served(place: Path, *before: str) -> Served:
    words = [*before, *somebody.become()]
    return Served(place, data=place / "data", before=words, fresh=True, by=somebody.python(), env=somebody.modules())


def supervisor(server: Served, number: int) -> int:
    events = server.data / "runs" / str(number) / "events"
    return int(json.loads(events.read_text().splitlines()[0])["pid"])


def test_no_job_looks_into_its_supervisor_or_the_server_and_is_itself_as_it_would_be_without(place):
    script(place, "look.py", LOOK, head=HEAD)
    with served(place) as server:
        number = server.press("look", server=server.pid)
        assert server.finished(number)["state"] == "succeeded", (server.run(number), server.err)
        boss, above, itself = json.loads(server.output(number))
    assert boss == above == ["0"]
    everything = ["environment", "memory", "map", "descriptors", "folder", str(SOFT)]
    assert itself == everything  # nobody traces itself


def test_a_server_that_is_not_root_still_sees_what_its_supervisors_do(place):
    script(place, "stay.sh", "echo here; sleep 600 & wait", head="grace = 1")
    with served(place) as server:
        killed = server.press("stay")
        server.output_has(killed, b"here")
        server.restart()
        os.kill(supervisor(server, killed), signal.SIGKILL)
        run = server.finished(killed)
        assert (run["state"], run["survivors"]) == ("lost", [])
        hung = server.press("stay")
        server.output_has(hung, b"here")
        boss = supervisor(server, hung)
        job = process.below(boss)
        assert job
        os.kill(boss, signal.SIGSTOP)
        folder = str(server.data / "runs" / str(hung))
        words = [*somebody.become(), somebody.python(), "-c", END, folder]  # what the server does, without its patience
        ended = subprocess.run(words, env=environment(**somebody.modules()), capture_output=True, text=True, check=True)
        assert ended.stdout == f"{boss} worked, and stayed: []\n"
        assert server.finished(hung)["state"] == "lost"
        assert not any(alive(pid) for pid in (boss, *(member.pid for member in job)))


END = """
import sys
from pushbutton.supervisor import hung
folder = sys.argv[1]
boss = hung._supervisor(folder)
worked = hung.worked(folder)
print(boss.pid, "worked" if worked else "hidden", end=", and ")
print("stayed:", hung.end(folder, f"PUSHBUTTON_SPOOL={folder}".encode()))
"""


def test_what_dies_of_a_fault_of_its_own_leaves_no_dump_of_its_memory(place):
    script(place, "stay.sh", "echo here; sleep 600 & wait")
    with served(place) as server:
        number = server.press("stay")
        server.output_has(number, b"here")
        os.kill(supervisor(server, number), signal.SIGSEGV)
        assert server.finished(number)["state"] == "lost"
        assert [path for path in place.rglob("*core*") if path.is_file()] == []
        assert not dumps(server.command)


def dumps(command: Command) -> bool:
    """Whether the kernel writes one when it dies; it is dead then."""
    command.signal(signal.SIGSEGV)
    _, status = os.waitpid(command.pid, 0)
    command.process.returncode = os.waitstatus_to_exitcode(status)
    assert command.wait() == -signal.SIGSEGV
    return os.WCOREDUMP(status)


def test_a_run_without_a_server_is_as_closed(place):
    file = script(place, "look.py", LOOK, head=HEAD)
    code = SHELL.format(words=[somebody.python(), "-m", "pushbutton", "run", str(file)])
    words, env = [*somebody.become(), somebody.python(), "-c", code], environment(**somebody.modules())
    run = subprocess.run(words, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 0, run.stderr
    boss, above, itself = json.loads(run.stdout)
    assert boss == above == ["0"]
    assert itself[-1] == str(SOFT)


SHELL = "import os; words = {words!r}; os.execv(words[0], [*words, '--server', str(os.getpid())])"
"""Tells the task the number of the process that it becomes."""


def test_where_processes_are_hidden_from_others_the_server_sees_its_supervisors_all_the_same(place):
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("it takes root to hide processes")
    look = "for pid in $PPID $SERVER; do cat /proc/$pid/schedstat >/dev/null && echo sees $pid; done"
    script(place, "stay.sh", f"{look}; echo here; sleep 600", head=HEAD)
    mounted = 'mount -t proc -o hidepid=invisible proc /proc && exec "$@"'
    with served(place, "unshare", "-m", "sh", "-c", mounted, "sh") as server:
        number = server.press("stay", server=server.pid)
        server.output_has(number, b"here")
        boss = supervisor(server, number)
        assert f"sees {boss}\n".encode() in server.output(number)
        assert f"sees {server.pid}\n".encode() not in server.output(number)
        os.kill(boss, signal.SIGKILL)
        assert server.finished(number)["state"] == "lost"
