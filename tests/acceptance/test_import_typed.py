"""`pushbutton import`, as it is typed: the file on standard output, what was not taken beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .serving import environment


def pushbutton(folder: Path, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pushbutton", *words]
    env = environment()
    return subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, env=env, check=False)


def test_what_it_writes_passes_the_check_and_can_be_run(tmp_path: Path) -> None:
    table = "MAILTO=ida@example.org\n# Say it\n0 3 * * *  echo 'it is' 100\\% said\n"
    done = pushbutton(tmp_path, "import", "crontab", "-", given=table)
    assert done.returncode == 0
    warning, told, count = done.stderr.splitlines()
    assert warning.endswith("start with: pushbutton schedule pause all")
    assert told.startswith("standard input:1: Nobody gets mail here (MAILTO=ida@example.org). ")
    assert count == "1 task; 1 remark."
    (tmp_path / "pushbutton.yaml").write_text(done.stdout)
    checked = pushbutton(tmp_path, "check", "pushbutton.yaml")
    assert (checked.returncode, checked.stdout) == (0, "1 task: echo. All is well.\n")
    ran = pushbutton(tmp_path, "run", "pushbutton.yaml")
    assert (ran.returncode, ran.stdout) == (0, "it is 100% said\n")


def test_where_nothing_can_be_taken_nothing_is_written(tmp_path: Path) -> None:
    config = "actions:\n  - title: Each\n    entity: ovens\n    shell: ovenctl {{ ovens.name }}\n"
    (tmp_path / "config.yaml").write_text(config)
    done = pushbutton(tmp_path, "import", "olivetin", "config.yaml")
    assert (done.returncode, done.stdout) == (6, "")
    assert "config.yaml:3: “Each” is left out" in done.stderr
    assert done.stderr.endswith("Nothing of it could be taken; 1 remark.\n")
