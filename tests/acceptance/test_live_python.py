"""Live means live: what a Python job prints is there while it goes on. Real jobs that wait for the reader."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from pushbutton.domain.run import RunState
from pushbutton.supervisor.spool import read_records
from pushbutton.testing import opened, press_and_wait, watched

from .worlds import script, spool_of, until

BODY = """
import pathlib, sys, time
print(".", end="")
while not pathlib.Path("seen").exists(): time.sleep(0.01)
print(" done", file=sys.stderr)
"""


def _task(folder: Path) -> None:
    inside = "".join(f"    {line}\n" for line in BODY.strip().splitlines())
    (folder / "dots.py").write_text(f"from pushbutton import task\n@task\ndef dots():\n{inside}")


def _script(folder: Path) -> None:
    script(folder, "dots.py", BODY)


@pytest.mark.parametrize("made", [_task, _script], ids=["function", "script"])
async def test_a_dot_without_a_line_end_is_there_while_the_job_goes_on(tmp_path, made):
    made(tmp_path)
    async with opened(tmp_path) as app:
        run = await app.press("dots")
        output = spool_of(app, run.id) / "output"
        await until(lambda: output.exists() and output.read_bytes() == b".", "the dot")
        (tmp_path / "seen").touch()
        done = await run.finished()
        assert (done.state, output.read_text()) == (RunState.SUCCEEDED, ". done\n")


@pytest.mark.parametrize("taken", ["exec 3>&1", "exec 3>>own.log", "exec 3>&-", "exec 3</dev/null"])
async def test_a_status_is_one_whatever_the_script_makes_of_the_descriptor(tmp_path, taken):
    script(tmp_path, "till.sh", f"{taken}\npushbutton status 'till 4 is counted'\necho said\n")
    async with opened(tmp_path) as app:
        done = await press_and_wait(app, "till")
    assert (done.statuses, done.output) == (["till 4 is counted"], "said\n")


async def test_what_a_job_prints_on_both_ways_stays_in_its_order(tmp_path):
    lines = [f"print({n}, file={'sys.stderr' if n % 2 else 'sys.stdout'})" for n in range(40)]
    script(tmp_path, "mixed.py", "import sys\n" + "\n".join(lines) + "\n")
    async with opened(tmp_path) as app:
        run = await app.press("mixed")
        output = spool_of(app, run.id) / "output"
        await run.finished()
        assert output.read_text().split() == [str(n) for n in range(40)]


IN_TURN = """
for n in range(200):
    print("line", n, file=(sys.stdout, sys.stderr)[n % 2])
    status(f"said {n}")
"""


@pytest.mark.parametrize("tty", [False, True])
async def test_what_a_job_prints_and_what_it_reports_stay_in_their_order(tmp_path, tty):
    body = "".join(f"    {line}\n" for line in IN_TURN.strip().splitlines())
    (tmp_path / "turns.py").write_text(
        f"import sys\nfrom pushbutton import status, task\n@task(tty={tty})\ndef turns():\n{body}"
    )
    async with opened(tmp_path) as app:
        run = await app.press("turns")
        done = await watched(app, run)
        output = (spool_of(app, run.id) / "output").read_bytes()
        with (spool_of(app, run.id) / "events").open("rb") as file:
            records = read_records(file.fileno(), 0)[0]
    assert done.statuses == [f"said {n}" for n in range(200)]
    lines = output.splitlines(keepends=True)
    assert [line.split() for line in lines] == [[b"line", b"%d" % n] for n in range(200)]
    behind = [int(str(record["o"])) for record in records if record["k"] == "line"]
    ends = list(itertools.accumulate(map(len, lines)))
    assert behind == sorted(behind)
    if not tty:  # a terminal hands on what it was given when it comes to it
        assert [n for n in range(200) if behind[n] < ends[n]] == []
