"""Move a file in, and press what comes of it: programs that stand in for the real ones tell how they were called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.imports import Moved, Source, move
from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.domain.command import build
from pushbutton.domain.event import Json
from pushbutton.domain.inputs import parse
from pushbutton.domain.task import Task

_STAND_IN = """#!{python}
import json, os, sys
with open({told!r}, "a") as file:
    file.write(json.dumps([os.path.basename(sys.argv[0]), sys.argv[1:], dict(os.environ)]) + "\\n")
"""

TRICKY = ["", "two words", "a'b", 'a"b', "$HOME", "`id`", "$(id)", "a;b", "*", "a\\b", "ä & é", "#x", "{y}", "a,b"]
"""What a shell, a template or a Makefile would act on."""


@dataclass
class Called:
    program: str
    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)


@dataclass
class World:
    """A folder with stand-ins for programs."""

    folder: Path
    tasks: dict[str, Task] = field(default_factory=dict)
    moved: Moved = field(default_factory=lambda: Moved("", 0, ()))
    output: str = ""

    def move(self, kind: str, text: str, name: str, *programs: str) -> World:
        """The file as tasks by their slugs. A program with a folder in its name stands beside the file."""
        self.moved = move(kind, [Source(name, text)])
        path = self.folder / "pushbutton.yaml"
        path.write_text(self.moved.text, "utf-8")
        found = read_config(Found(path, Form.CONFIG))
        assert not found.problems
        assert found.whole is None
        self.tasks = {task.slug: task for task in found.tasks}
        for program in programs:
            place = self.folder / (program if "/" in program else f"bin/{program}")
            place.parent.mkdir(exist_ok=True, parents=True)
            place.write_text(_STAND_IN.format(python=sys.executable, told=str(self.folder / "told")))
            place.chmod(0o755)
        return self

    @property
    def left(self) -> list[tuple[int, str]]:
        return [(one.line, one.what) for one in self.moved.left]

    def press(self, slug: str, secrets: dict[str, str] | None = None, /, **inputs: Json) -> list[Called]:
        """What was called, in order. Raises `InvalidInputs` as a press does."""
        task = self.tasks[slug]
        command = build(task, parse(task.params, inputs), python="", secrets=secrets or {})
        told = self.folder / "told"
        told.write_text("")
        env = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder), **command.env}
        done = subprocess.run(
            command.argv,
            env=env,
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        self.output = done.stdout + done.stderr
        self.code = done.returncode
        return [Called(*json.loads(line)) for line in told.read_text().splitlines()]
