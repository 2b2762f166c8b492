"""Files of other tools that are moved in and pressed, with harmless programs in place of those that they name."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.catalog import check
from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.imports import Left, Source, move
from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.app import Pushbutton
from pushbutton.domain.task import Task
from pushbutton.testing import opened, press_and_wait

__all__ = ["HOSTILE", "Call", "Imported"]

HOSTILE = ["a b", "it's", 'say "x"', "$HOME ${HOME} $(id) `id`", "a\\b", "; id #", "*", "é 🥖"]
"""Values in which a shell, or a template, finds more than text."""

_PROGRAM = """#!{python} -I
import json, os, sys
stdin = "" if os.isatty(0) else sys.stdin.read()
call = {{"argv": [os.path.basename(sys.argv[0]), *sys.argv[1:]], "env": dict(os.environ), "stdin": stdin,
        "cwd": os.getcwd()}}
with open({calls!r}, "a", encoding="utf-8", errors="surrogateescape") as file:
    file.write(json.dumps(call) + "\\n")
"""


@dataclass(frozen=True, slots=True)
class Call:
    """How a program was called."""

    argv: list[str]  # with its name
    env: Mapping[str, str]
    stdin: str
    cwd: str


class Imported:
    """A folder with the `pushbutton.yaml` that `pushbutton import` makes of these texts; it passes the check.

    `programs` are put on the PATH: they write how they were called, and do nothing else.
    """

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        kind: str,
        texts: str | Mapping[str, str],
        programs: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self._calls = folder / "calls"
        given = {"source": texts} if isinstance(texts, str) else texts
        self.moved = move(kind, [Source(name, text) for name, text in given.items()])
        (folder / "pushbutton.yaml").write_text(self.moved.text)
        with ThreadPoolExecutor(1) as apart:  # a test may run in a loop, which the check cannot
            problems = apart.submit(check, [folder / "pushbutton.yaml"]).result()
        assert [str(problem) for problem in problems] == []
        (folder / "bin").mkdir()
        for program in programs:
            self.program(folder / "bin" / program)
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")
        monkeypatch.setenv("HOME", str(folder))

    def program(self, path: Path) -> None:
        path.write_text(_PROGRAM.format(python=sys.executable, calls=str(self._calls)))
        path.chmod(0o755)

    @property
    def left(self) -> Sequence[Left]:
        return self.moved.left

    def told(self, line: int) -> str:
        """What is said of a line of the source."""
        return " ".join(f"{one.what} {one.do}" for one in self.left if one.line == line)

    def app(self) -> AbstractAsyncContextManager[Pushbutton]:
        return opened(self.folder / "pushbutton.yaml")

    @property
    def tasks(self) -> Mapping[str, Task]:
        """As the catalogue reads them."""
        found = read_config(Found(self.folder / "pushbutton.yaml", Form.CONFIG))
        return {task.slug: task for task in found.tasks}

    async def press(self, app: Pushbutton, task: str, *, state: str = "succeeded", **inputs: Any) -> list[Call]:
        """How the programs were called by a run that ended so."""
        self._calls.unlink(missing_ok=True)
        done = await press_and_wait(app, task, **inputs)
        assert done.run.state == state, done.output
        lines = self._calls.read_text().splitlines() if self._calls.exists() else []
        return [Call(**json.loads(line)) for line in lines]
