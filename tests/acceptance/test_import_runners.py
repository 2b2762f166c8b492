"""Files of task runners become tasks that call the runner as somebody at a terminal would."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushbutton.errors import InvalidInputs
from tests.acceptance.imported import HOSTILE, Imported

MAKEFILE = """\
.PHONY: heat
heat: ## Heat an oven
\t./heat.sh $(OVEN) "$(NOTE)"
"""
JUSTFILE = """\
[confirm("Heat it?")]
heat oven note='none' *more:
    ./heat.sh {{quote(oven)}} "{{note}}" {{more}}
"""
TASKFILE = """\
version: '3'
tasks:
  heat:
    requires: {vars: [OVEN]}
    cmd: ./heat.sh {{.OVEN | shellQuote}} "{{.NOTE}}" {{.CLI_ARGS}}
"""
PACKAGE = """{"scripts": {"heat:up": "node heat.js", "preheat:up": "true"}}"""
TASKS = """\
from shlex import quote
from invoke import task

@task(iterable=["more"], incrementable=["verbose"])
def heat(c, oven, note="none", more=None, verbose=0, dry_run=False, fan=True):
    c.run(f'./heat.sh {quote(oven)} "{note}"')
"""


def moved(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str, text: str, program: str) -> Imported:
    return Imported(folder, monkeypatch, kind, {name: text}, [program])


async def test_make_is_called_with_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = moved(tmp_path, monkeypatch, "make", "Makefile", MAKEFILE, "make")
    async with make.app() as app:
        (call,) = await make.press(app, "heat", oven="big/1", note="it's; two  words")
        assert call.argv == ["make", "heat", "OVEN=big/1", "NOTE=it's; two  words"]
        assert call.cwd == str(tmp_path)
        (call,) = await make.press(app, "heat")
        assert call.argv == ["make", "heat"]
        for value in HOSTILE:
            if value != "é 🥖":  # letters of other languages are no signs of a shell, and between quotes they may stand
                with pytest.raises(InvalidInputs):
                    await make.press(app, "heat", oven=value)


async def test_just_is_called_with_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    just = moved(tmp_path, monkeypatch, "just", "justfile", JUSTFILE, "just")
    async with just.app() as app:
        for value in [*HOSTILE, "-x"]:
            (call,) = await just.press(app, "heat", oven=value, more=["a", "b"])
            assert call.argv == ["just", "--yes", "heat", value, "none", "a", "b"]
        with pytest.raises(InvalidInputs):
            await just.press(app, "heat", oven="x", more=["a;b"])


async def test_task_is_called_with_variables_and_more_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = moved(tmp_path, monkeypatch, "task", "Taskfile.yml", TASKFILE, "task")
    async with task.app() as app:
        for value in [one for one in HOSTILE if "{" not in one]:
            (call,) = await task.press(app, "heat", oven=value, cli_args=[value, "b"])
            assert call.argv == ["task", "heat", f"OVEN={value}", "--", value, "b"]
        with pytest.raises(InvalidInputs):
            await task.press(app, "heat", oven="{{.X}}")


async def test_npm_is_called_by_the_name_of_the_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = moved(tmp_path, monkeypatch, "npm", "package.json", PACKAGE, "npm")
    async with npm.app() as app:
        (call,) = await npm.press(app, "heat-up")
        assert call.argv == ["npm", "run", "heat:up"]
        assert "“preheat:up” is passed over: it goes before “heat:up” by itself." in npm.told(1)


async def test_invoke_is_called_with_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    invoke = moved(tmp_path, monkeypatch, "invoke", "tasks.py", TASKS, "invoke")
    async with invoke.app() as app:
        for value in HOSTILE:
            (call,) = await invoke.press(
                app, "heat", oven=value, more=[value, "b"], verbose=2, dry_run=True, fan=False, note="x"
            )
            assert call.argv == [
                "invoke", "heat", f"--oven={value}", "--note=x", f"--more={value}", "--more=b", "--verbose",
                "--verbose", "--dry-run", "--no-fan",
            ]  # fmt: skip
        with pytest.raises(InvalidInputs):
            await invoke.press(app, "heat", oven="x", note="$(id)")
