"""Processes of the machine, as the kernel tells them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pushbutton.supervisor import process

TREE = """
import os, subprocess, sys, threading
inner = "import subprocess, time; subprocess.Popen(['sleep', '600']); print('there', flush=True); time.sleep(600)"
def begin():
    subprocess.Popen([sys.executable, "-c", inner], stdout=subprocess.PIPE).stdout.readline()
    begun.set()
    threading.Event().wait()  # a child belongs to its thread for as long as that lives
begun = threading.Event()
threading.Thread(target=begin, daemon=True).start()
begun.wait()
dead = os.fork()
if not dead:
    os._exit(0)
os.waitid(os.P_PID, dead, os.WEXITED | os.WNOWAIT)
print("there", flush=True)
threading.Event().wait()
"""
"""A child of another thread, its own child, and one that is dead and was not taken leave of."""


@pytest.fixture
def root() -> Iterator[int]:
    started = subprocess.Popen([sys.executable, "-c", TREE], stdout=subprocess.PIPE, start_new_session=True)
    assert started.stdout
    assert started.stdout.readline() == b"there\n"
    yield started.pid
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    started.stdout.close()


def test_the_kernels_lists_tell_the_same_as_a_look_at_everybody(root):
    among = [(one.pid, one.start, one.name) for one in process.descendants(root, process.everybody())]
    assert sorted((one.pid, one.start, one.name) for one in process.below(root)) == sorted(among)
    assert len(among) == 2


def test_parents_stand_before_their_children(root):
    found = process.below(root)
    seen = {root}
    for one in found:
        assert one.parent in seen
        seen.add(one.pid)


def test_a_kernel_without_such_lists_is_asked_for_everybody(root, monkeypatch):
    expected = sorted(one.pid for one in process.below(root))
    monkeypatch.setattr(os.path, "exists", lambda _: False)
    monkeypatch.setattr(process, "_children", None)
    assert sorted(one.pid for one in process.below(root)) == expected


def test_who_has_gone_has_nobody_below():
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert process.below(gone.pid) == []
