"""`pushbutton header FILE`: the block for the head of a script, to be pasted."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pushbutton.errors import BadInput, NotFound

from . import safe_text
from .help_text import flow

__all__ = ["add"]

HELP = """Print the block for the head of a script, to be pasted and changed.

\b
  pushbutton header backup.sh            from its source: options, and what seems to be an operand or a variable
  pushbutton header --run deploy.rb      ask the script itself: it is run once, with --help
  pushbutton header pushbutton.yaml:copy the same for a command

What is read from the source stands there by name only, to be corrected. What a shell script does not say for certain
(operands, variables of its environment, what is required) is a guess: look at it. Without --run nothing of the script
runs. With it, the script is started here and now with --help as its only argument, in your own environment, and ended
after 10 seconds.
"""


def add(app: typer.Typer, panel: str) -> None:
    app.command("header", help=flow(HELP), rich_help_panel=panel)(_header)


def _header(
    file: Annotated[str, typer.Argument(metavar="FILE[:NAME]", help="a script that begins with “#!”, or a command")],
    run: Annotated[bool, typer.Option("--run", help="run it once, with --help")] = False,
) -> None:
    text, where, more = asyncio.run(_of_command(file, run=run) if _is_command(file) else _of_script(file, run=run))
    print(text)
    _remark(where)
    if more:
        _remark(more)


def _is_command(file: str) -> bool:
    head, _, name = file.rpartition(":")
    return Path(head if head and name else file).suffix in (".yaml", ".yml") and not Path(file).is_dir()


def _path(file: str) -> Path:
    path = Path(file).expanduser()
    if not path.exists():
        raise NotFound(f"There is no file {file}.")
    if not path.is_file():
        raise BadInput(f"{file} is no file: name one script.")
    return path


async def _of_script(file: str, *, run: bool) -> tuple[str, str, str]:
    from pushbutton.adapters.catalog.header import block_for  # noqa: PLC0415  loads the readers

    path = _path(file)
    said = await _asked([f"{path.parent}{os.sep}{path.name}"], None) if run else None
    block = await block_for(path, said)
    return (
        str(block),
        f"Paste it below the first line of {file}, then: pushbutton check {shlex.quote(file)}",
        block.remark,
    )


async def _of_command(file: str, *, run: bool) -> tuple[str, str, str]:
    from pushbutton.adapters.catalog.header import block_for_command, literals  # noqa: PLC0415  loads the readers

    from .find import find  # noqa: PLC0415

    task = await find(file)
    said = await _asked(literals(task), task.cwd or None) if run else None
    block = await block_for_command(task, said)
    return str(block), f"Paste it into “{task.slug}” of {task.source.file}.", block.remark


async def _asked(argv: Sequence[str], cwd: str | None) -> str:
    from pushbutton.adapters.catalog.asking import SECONDS, help_printed_by  # noqa: PLC0415  loads the readers

    _remark(f"Running {shlex.join([*argv, '--help'])}, for {SECONDS:g} seconds at most …")
    return await help_printed_by(argv, cwd)


def _remark(sentence: str) -> None:
    print(safe_text.line(sentence), file=sys.stderr)
