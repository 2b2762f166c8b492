"""What becomes of a file: the gaps of a script until its head closes them, the tasks of a file that is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.adapters.catalog.readers import read
from pushbutton.domain.targets import ScriptTarget

SCRIPT = """#!/usr/bin/env python3
# /// pushbutton
{head}# ///
import argparse, os
from tillkit import SHOPS, Act, fast
p = argparse.ArgumentParser()
p.add_argument("--shop", choices=SHOPS)
p.add_argument("--where", default=os.environ.get("WHERE", "here"))
p.add_argument("--act", action=Act)
if fast:
    p.add_argument("--fast")
p.parse_args()
"""
GAPS = {
    "shop": "the choices of --shop are only known when it runs",
    "where": "the default of --where is only known when it runs",
    "act": "--act does something of the script's own, and is left out",
    "fast": "whether there is --fast is only known when it runs",
}


@pytest.mark.parametrize(
    ("head", "closed"),
    [
        ("", set()),
        ("[params.shop]\nchoices = ['north', 'south']\n", {"shop"}),
        ("[params.shop]\nlabel = 'Which shop'\n", set()),
        ("[params.shop]\nhide = true\n", {"shop"}),
        ("[params.where]\ndefault = 'there'\n", {"where"}),
        ("[params.where]\nrequired = true\n", {"where"}),
        ("[params.act]\npass = 'option'\n", {"act"}),
        ("[params.fast]\nlabel = 'Be quick'\n", {"fast"}),
    ],
)
async def test_a_gap_goes_when_the_head_says_what_the_source_does_not(
    tmp_path: Path, head: str, closed: set[str]
) -> None:
    path = tmp_path / "move.py"
    path.write_text(SCRIPT.format(head="".join(f"# {line}\n" for line in head.splitlines())))
    path.chmod(0o755)
    reading = await read(Found(path, Form.SCRIPT), execute=False)
    (task,) = reading.tasks
    assert isinstance(task.target, ScriptTarget)
    assert not task.broken, task.broken
    assert {name for name, text in GAPS.items() if any(text in note for note in reading.notes)} == GAPS.keys() - closed
    assert {name for name, text in GAPS.items() if any(text in gap for gap in task.target.gaps)} == GAPS.keys() - closed


@pytest.mark.parametrize(("function", "names"), [("", ["main"]), ("helper", ["helper"])])
async def test_of_a_named_file_what_it_calls_itself_is_a_task_and_any_other_by_its_name(
    tmp_path: Path, function: str, names: list[str]
) -> None:
    path = tmp_path / "jobs.py"
    path.write_text("def helper(x: int): ...\ndef main(n: int): ...\nif __name__ == '__main__':\n    main(3)\n")
    reading = await read(Found(path, Form.NAMED, function=function), execute=False)
    assert [task.slug for task in reading.tasks] == names
