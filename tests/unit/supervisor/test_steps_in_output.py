"""Where in its output a job was when it began or ended a step: known exactly, or not at all."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pushbutton.job import context

from .supervised import PATIENCE, Supervised

LOUD = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pushbutton.job.context import step

for number in range(40):
    os.write(1, b"before\\n" * (number * 500))
    with step(f"{number}"):
        os.write(1, b"within\\n" * number)
    os.write(1, b"after\\n")
"""
SOURCE = str(Path(context.__file__).parents[2])


def supervised(place: Path, code: str, **more: Any) -> Supervised:
    env = dict(os.environ, PUSHBUTTON_RECEIPTS=str(place / "1" / "receipts"))
    return Supervised(place, [sys.executable, "-c", code, SOURCE], env=env, **more)


@pytest.mark.parametrize("tty", [None, [24, 80]])
def test_what_a_job_writes_right_before_and_after_is_on_the_right_side_of_each_step(tmp_path: Path, tty):
    with supervised(tmp_path, LOUD, tty=tty) as job:
        job.wait_for("end")
    lines = [record for record in job.records if record["k"] == "line"]
    assert len(lines) == 80
    assert all(record.get("exact") is True for record in lines)
    places = [int(str(record["o"])) for record in lines]
    for number, (begin, end) in enumerate(zip(places[::2], places[1::2], strict=True)):
        within = job.output[begin:end].splitlines()
        assert within == [b"within"] * number
        assert job.output[:begin].splitlines()[-1:] != [b"within"]
        assert job.output[end:].splitlines()[0] == b"after"


def test_of_a_step_that_a_plain_line_begins_nobody_knows_the_place(tmp_path: Path):
    with Supervised(tmp_path, ["sh", "-c", "echo a; echo 'step One' >&3; echo b"]) as job:
        job.wait_for("end")
    assert [record.get("exact") for record in job.records if record["k"] == "line"] == [None]


def test_nothing_is_said_to_be_exact_while_a_beginning_of_a_secret_is_held_back(tmp_path: Path):
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pushbutton.job.context import step\n"
        "os.write(1, b'correct horse')\n"
        "with step('x'): os.write(1, b' is no battery\\n')\n"
    )
    with supervised(tmp_path, code, secrets=["correct horse battery"]) as job:
        job.wait_for("end")
    assert [record.get("exact") for record in job.records if record["k"] == "line"] == [None, True]


def test_a_job_whose_supervisor_does_not_answer_goes_on_and_waits_for_it_once_only(tmp_path: Path):
    code = (
        "import pathlib, sys, time; sys.path.insert(0, sys.argv[1])\n"
        "from pushbutton.job.context import step\n"
        "while not pathlib.Path('held').exists(): time.sleep(0.01)\n"
        "begun = time.monotonic()\n"
        "for number in range(50):\n"
        "    with step(f'{number}'): pass\n"
        "pathlib.Path('took').write_text(str(time.monotonic() - begun))\n"
        "while not pathlib.Path('heard').exists(): time.sleep(0.01)\n"
    )
    with supervised(tmp_path, code) as job:
        job.wait_for("started")
        os.kill(job.process.pid, signal.SIGSTOP)
        try:
            (tmp_path / "held").touch()
            until = time.monotonic() + PATIENCE
            while not (tmp_path / "took").exists():
                assert time.monotonic() < until, "the job waits for ever"
                time.sleep(0.01)
        finally:
            os.kill(job.process.pid, signal.SIGCONT)
            (tmp_path / "heard").touch()
        job.wait_for("end")
    lines = [record for record in job.records if record["k"] == "line"]
    assert len(lines) == 100
    assert not any("exact" in record for record in lines)
