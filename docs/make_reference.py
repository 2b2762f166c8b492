"""Writes docs/reference/ from the code: `python docs/make_reference.py`. A test compares what is there."""  # noqa: INP001

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer.main

from pushbutton.cli.commands import HELP, app
from pushbutton.cli.exits import MEANING

FOLDER = Path(__file__).parent / "reference"


def cli() -> str:
    """Every command with its options, from the option parser itself."""
    group: Any = typer.main.get_command(app)
    parts = [
        "# The command line",
        _text(HELP.split("\b\nExit codes", maxsplit=1)[0]),
        "## Exit codes",
        _table(("Code", "Meaning"), [(str(code.value), text) for code, text in MEANING.items()]),
        "`run`, `watch` and `press --follow` pass on the job's own code where it has one (128 + N: ended by signal N).",
        (
            "Every expected error is one sentence on standard error; a fault in Pushbutton itself names the file that "
            "holds its traceback, and `pushbutton --debug …` shows it at once."
        ),
    ]
    panel = ""
    for name, command in group.commands.items():
        if command.rich_help_panel != panel:
            panel = command.rich_help_panel
            parts.append(f"## {panel}")
        parts += [f"### pushbutton {name}", _text(inspect.cleandoc(command.help))]
        shown = [_row(param) for param in command.params if "--help" not in param.opts]
        if shown and shown != [("`…`", "")]:
            parts.append(_table(("Option", ""), shown))
    return "\n\n".join(parts) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {"cli.md": cli}


def _text(help_text: str) -> str:
    """Paragraphs as they are, blocks marked with a backspace as code."""
    paragraphs = []
    for paragraph in help_text.strip().split("\n\n"):
        if paragraph.startswith("\b\n"):
            paragraphs.append(f"```console\n{inspect.cleandoc(paragraph.removeprefix(chr(8)))}\n```")
        else:
            paragraphs.append(re.sub(r"\s*\n\s*", " ", paragraph))
    return "\n\n".join(paragraphs)


def _row(param: Any) -> tuple[str, str]:
    if param.param_type_name == "argument":
        return f"`{param.metavar or param.name.upper()}`", param.help or ""
    facts = [f"`{param.envvar}`"] if param.envvar else []
    if isinstance(param.show_default, str):
        facts.append(f"default: {param.show_default}")
    elif param.show_default and param.default not in (None, "", False):
        facts.append(f"default: {param.default}")
    return f"`{', '.join(param.opts)}`", (param.help or "") + (f" ({'; '.join(facts)})" if facts else "")


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    escaped = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    lines = [heads, tuple("---" for _ in heads), *escaped]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for page, make in PAGES.items():
        (FOLDER / page).write_text(make())
