"""Writes docs/reference/ from the code: `python docs/make_reference.py`. A test compares what is there."""  # noqa: INP001

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer.main

from pushbutton import __version__, config
from pushbutton.adapters.catalog.schema import SECRET
from pushbutton.cli.contents import HELP
from pushbutton.cli.exits import JOB, MEANING, OF, code_of
from pushbutton.cli.group import app
from pushbutton.domain import event
from pushbutton.domain.environment import KEPT
from pushbutton.domain.node import NodeState
from pushbutton.domain.run import TRANSITIONS
from pushbutton.errors import PushbuttonError
from pushbutton.job import protocol, shapes
from pushbutton.job.options import FIELD, FORMS, INPUTS, OPTIONS, PYTHON, Option
from pushbutton.runtime.tally import BOUNDS, Receiver
from pushbutton.supervisor import spool
from pushbutton.web import routes
from pushbutton.web.api import metrics as metrics_of
from pushbutton.web.api import reference, schemas
from pushbutton.web.http import errors as web_errors

FOLDER = Path(__file__).parent / "reference"
_SOURCE = Path(__file__).parents[1] / "src" / "pushbutton"


def cli() -> str:
    """Every command with its options, from the option parser itself."""
    group: Any = typer.main.get_command(app())
    parts = [
        "# The command line",
        _text(HELP.replace("  pushbutton", "\b\n  pushbutton", 1)),
        "## Exit codes",
        _table(("Code", "Meaning"), [(str(code.value), text) for code, text in MEANING.items()]),
        "`run`, `watch` and `press --follow` pass on the job's own code where it has one (128 + N: ended by signal N).",
        "Every command can end with 0, 2, 70 and 130; which others it can end with:",
        _table(("Command", "Codes"), [(f"`{name}`", _codes(name)) for name in OF]),
        (
            "Every expected error is one sentence on standard error; a fault in Pushbutton itself names the file that "
            "holds its traceback, and `pushbutton --debug …` shows it at once."
        ),
    ]
    panel = ""
    panels = [command.rich_help_panel for command in group.commands.values()]
    ordered = sorted(group.commands.items(), key=lambda pair: panels.index(pair[1].rich_help_panel))
    for name, command in ordered:
        if command.rich_help_panel != panel:
            panel = command.rich_help_panel
            parts.append(f"## {panel}")
        parts += [f"### pushbutton {name}", _text(inspect.cleandoc(command.help))]
        shown = [_row(param) for param in command.params if "--help" not in param.opts]
        if shown and shown != [("`…`", "")]:
            parts.append(_table(("Option", ""), shown))
    return "\n\n".join(parts) + "\n"


def _codes(command: str) -> str:
    codes = [str(code.value) for code in OF[command]]
    return ", ".join([*codes, *(["the job's own"] if command in JOB else [])]) or "none"


def _commands(commands: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Each command, and behind it those that it has itself, by all words of their names."""
    for name, command in commands:
        yield name, command
        yield from ((f"{name} {verb}", one) for verb, one in getattr(command, "commands", {}).items())


def settings() -> str:
    """Every setting with its three names."""
    rows = []
    for one in fields(config.Settings):
        names = [one.name, f"{one.name}_file"] if one.metadata["secret"] else [one.name]
        options = " or ".join(f"`{config.option(name)}`" for name in config.names(one))
        rows.append(
            (
                f"`{one.name}`",
                " or ".join(f"`{config.variable(name)}`" for name in names),
                options,
                f"`{one.default}`" if one.default != "" else "",
                one.metadata["help"],
            )
        )
    return _page(
        "# Settings",
        (
            "Each is an argument of `Pushbutton(…)`, a variable of the environment, and an option of "
            "`pushbutton serve`. What is given to the program counts before the environment, the environment before "
            "the default. A secret is no option, because everybody on a machine sees every program's arguments: name "
            "a file that holds it, or put it into the environment."
        ),
        _table(("Setting", "Environment", "Option", "Default", "Meaning"), rows),
        (
            "The commands that talk to a server (`press`, `watch`, `runs`, `stop`) find it by `--server` or "
            "`PUSHBUTTON_SERVER`."
        ),
    )


def metrics() -> str:
    """Everything that Prometheus reads."""
    outcomes = ", ".join(f"`{state}`" for state, after in TRANSITIONS.items() if not after)
    unfinished = ", ".join(f"`{state}`" for state, after in TRANSITIONS.items() if after)
    rows = [
        (f"`{one.name}`", one.kind, ", ".join(f"`{label}`" for label in one.labels), one.says)
        for one in metrics_of.FAMILIES
    ]
    return _page(
        "# Metrics",
        (
            "`GET /metrics` answers in Prometheus' text format, with the token of the setting `metrics_token`; "
            "[how to have them read](../howto/monitor.md). What is counted begins with the process, and every server "
            "counts the runs of all nodes of its store: of several servers take the maximum, not the sum. All else is "
            "as it is at that moment."
        ),
        _table(("Name", "Kind", "Labels", "Meaning"), rows),
        (
            f"`outcome` is one of {outcomes}; `state` of a run one of {unfinished}, of a worker one of "
            f"{', '.join(f'`{state}`' for state in NodeState)}; `to` one of "
            f"{', '.join(f'`{to}`' for to in Receiver)}. `task` is the name of a task as in its address; beyond "
            f"{metrics_of.MOST_TASKS} tasks the others are put together as `{metrics_of.OTHERS}`. The buckets of "
            f"`{metrics_of.TOOK.name}` end at {', '.join(f'{bound:g}' for bound in BOUNDS)} seconds. No label names a "
            "person, a run or an input. `process_…` are those of the server's process, as Prometheus' own library "
            "gives them."
        ),
    )


def api() -> str:
    """The HTTP API, from the OpenAPI document that the server shows."""
    document = reference.document(__version__, routes.API)
    groups: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method in reference.METHODS:
            if operation := item.get(method):
                groups.setdefault(operation.get("tags", ["other"])[0], []).append(_operation(method, path, operation))
    shown = [part for name, operations in groups.items() for part in (f"## {name.capitalize()}", *operations)]
    errors = sorted(web_errors.STATUS.items(), key=lambda pair: pair[1])
    models = (
        *(schemas.TaskShape, schemas.RunShape, schemas.PressedShape, schemas.EventShape),
        *(schemas.OutputShape, schemas.LinesShape, schemas.LineShape, schemas.FoundShape, schemas.HitShape),
        *(schemas.CauseShape, schemas.ApprovalShape, schemas.GivenShape, schemas.PlanShape),
        *(schemas.ParamShape, schemas.ChoiceShape),
        *(schemas.RecordShape, schemas.CheckedShape, schemas.Problem),
        *(schemas.TokenShape, schemas.RightShape, schemas.LinkShape),
    )
    return _page(
        "# The HTTP API",
        (
            "The server shows the same under `/api`, and as an OpenAPI document under `/api/openapi.json`. Answers are "
            "JSON in UTF-8, times RFC 3339 in UTC. A JSON body needs `Content-Type: application/json`."
        ),
        *shown,
        "## Errors",
        "An error is `application/problem+json` (RFC 9457); its `title` is a whole sentence.",
        _table(
            ("Status", "When"),
            [(str(status), f"`{kind.__name__}`: {_first(kind.__doc__)}") for kind, status in errors],
        ),
        "## Shapes",
        *(part for model in models for part in _shape(model)),
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> str:
    described = operation.get("description", "")
    parts = [f"### {operation['summary']}", f"`{method.upper()} {path}`", *([described] if described else [])]
    asked = [one for one in operation.get("parameters", ()) if one["in"] != "path"]
    if asked:
        parts.append(
            _table(("Given", "As", "Meaning"), [(f"`{o['name']}`", o["in"], o.get("description", "")) for o in asked])
        )
    return "\n\n".join(parts)


def _shape(model: Any) -> Iterator[str]:
    yield f"### {model.__name__.removesuffix('Shape')}"
    rows = []
    above = set(getattr(model.__mro__[1], "model_fields", ()))
    if above:
        yield f"As {model.__mro__[1].__name__.removesuffix('Shape')}, and:"
    for name, field in model.model_fields.items():
        if name in above:
            continue
        kind = field.annotation.__name__ if isinstance(field.annotation, type) else str(field.annotation)
        kind = re.sub(r"typing\.Literal\[(.*?)\]", lambda found: f"one of {found[1]}".replace("'", ""), kind)
        kind = re.sub(r"pushbutton\.web\.api\.schemas\.(\w+)Shape", r"\1", kind.replace("typing.", ""))
        rows.append((f"`{name}`", kind, field.description or ""))
    yield _table(("Key", "Type", "Meaning"), rows)


def events() -> str:
    """What an event holds, which state follows which, and how a job reports."""
    states = [
        (f"`{state}`", ", ".join(f"`{one}`" for one in sorted(after)) or "nothing: it is over")
        for state, after in TRANSITIONS.items()
    ]
    return _page(
        "# Events and states",
        "## What an event holds",
        *_docstring(event),
        "In streams the kind is the frame's `event`, the id its `id`, and the whole event its `data`.",
        "## States of a run",
        _table(("State", "May be followed by"), states),
        "## What a job may say",
        *_docstring(protocol),
        (
            f"A line longer than {protocol.LIMIT >> 10} KiB is cut. The descriptor's number is in `PUSHBUTTON_EVENTS`; "
            "`pushbutton status`, `progress`, `step` and `artifact` write to it. Where that was closed on the way, as "
            "Python's `subprocess` does, they write to the named pipe at `PUSHBUTTON_CHANNEL`, and they print where "
            "nobody reads that."
        ),
        "## What a result may be",
        *_docstring(shapes),
        "## What a job finds in its environment",
        _table(
            ("Variable", "Meaning"),
            [
                ("`PUSHBUTTON_EVENTS`", "the file descriptor for its reports"),
                ("`PUSHBUTTON_CHANNEL`", "a named pipe for the same, for programs that did not inherit the descriptor"),
                ("`PUSHBUTTON_RUN`, `PUSHBUTTON_TASK`", "its number and its task's name"),
                ("`PUSHBUTTON_ATTEMPT`", "which try at the press it is: 1 for the first"),
                ("`PUSHBUTTON_DUE`", "the moment that it was for (RFC 3339, UTC), where it was pressed for one"),
                ("`PUSHBUTTON_FILES`", "a folder for files that it hands over"),
                ("`PUSHBUTTON_RESULTS`", "a folder: what is in it when the job ends is handed over, and shown"),
                (
                    "`PUSHBUTTON_SPOOL`, `PUSHBUTTON_RECEIPTS`",
                    "the run's folder, and one for pipes on which it hears that a file is kept",
                ),
                ("`PUSHBUTTON_URL`, `PUSHBUTTON_TOKEN`", "where and with what it may report over HTTP"),
                (f"{', '.join(f'`{name}`' for name in KEPT)}, `LC_*`", "what the server has there"),
            ],
        ),
    )


def spools() -> str:
    """The folder of a run."""
    return _page("# The spool: a run's folder", *_docstring(spool))


def tasks() -> str:
    """What can be said of a task and of its inputs."""
    return _page(
        "# What can be said of a task",
        (
            "These are the keys of a task in `pushbutton.yaml` and in the block of comments in a script's head, and "
            "the options of `@task(…)` in Python."
        ),
        _options(OPTIONS),
        "## Of an input, in pushbutton.yaml and in a script's head",
        _options({name: row for name, row in INPUTS.items() if row.only != (PYTHON,)}),
        "## Of a secret, under `secrets` in pushbutton.yaml",
        _table(("Key", "Meaning"), [(f"`{name}`", row.help) for name, row in SECRET.items()]),
        "One of them, and `timeout` beside `command`. See [how to use secrets](../howto/secrets.md).",
        "## Of an input in Python: `Field`",
        'As in `Annotated[int, Field(min=1, max=8, label="Servers at a time")]`.',
        _table(("Option", "Meaning"), [(f"`{name}`", row.help) for name, row in FIELD.items()]),
    )


def _options(options: Mapping[str, Option]) -> str:
    """With the forms in which each has a meaning, and why it has none in the others."""
    rows = []
    for name, row in options.items():
        everywhere = set(row.only) == set(FORMS)
        where = "everywhere" if everywhere else ", ".join(FORMS[form] for form in row.only)
        rows.append((f"`{name}`", where, f"{row.help} Nowhere else, for {row.why}." if row.why else row.help))
    return _table(("Option", "Where", "Meaning"), rows)


def errors() -> str:
    """Every error with its HTTP status and its exit code."""
    rows = []
    for kind in _below(PushbuttonError):
        bare = kind.__new__(kind)
        rows.append(
            (
                f"`{kind.__name__}`",
                str(web_errors.status_of(bare)),
                str(int(code_of(bare))),
                _first(kind.__doc__ if kind.__doc__ != kind.__mro__[1].__doc__ else ""),
            )
        )
    return _page(
        "# Errors",
        "Everything that Pushbutton raises on purpose, what it becomes over HTTP, and what a command exits with.",
        _table(("Error", "HTTP", "Exit", "Meaning"), rows),
    )


def modules() -> str:
    """The tree as it is: every module with the first sentence of its docstring, by room."""
    parts = [
        "# The modules",
        "Every file of the program in its own words. Which room may use which stands in `docs/architecture.md`.",
    ]
    for folder in sorted({path.parent for path in _SOURCE.rglob("*.py")}):
        files = [path for path in sorted(folder.glob("*.py")) if path.name != "__init__.py" or _said(path)]
        name = folder.relative_to(_SOURCE.parent).as_posix()
        parts += (
            [f"## {name}/", _table(("Module", ""), [(f"`{path.name}`", _said(path)) for path in files])]
            if files
            else []
        )
    return _page(*parts)


def _said(path: Path) -> str:
    return re.sub(r"\s+", " ", _first(ast.get_docstring(ast.parse(path.read_text()))))


def _below(kind: type[PushbuttonError]) -> Iterator[type[PushbuttonError]]:
    for one in kind.__subclasses__():
        if one.__name__ != "Fenced":  # never leaves the runtime
            yield one
            yield from _below(one)


PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": cli,
    "settings.md": settings,
    "metrics.md": metrics,
    "api.md": api,
    "events.md": events,
    "spool.md": spools,
    "tasks.md": tasks,
    "errors.md": errors,
    "modules.md": modules,
}


def _page(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _first(text: str | None) -> str:
    """The first sentence."""
    return re.split(r"(?<=[.])\s", inspect.cleandoc(text or ""), maxsplit=1)[0]


def _docstring(module: Any) -> list[str]:
    return _paragraphs(inspect.cleandoc(module.__doc__))


def _paragraphs(text: str) -> list[str]:
    """Indented blocks as they are, the rest as running text."""
    return [
        f"```text\n{inspect.cleandoc(part)}\n```" if part.startswith(" ") else re.sub(r"\s*\n\s*", " ", part)
        for part in text.split("\n\n")
    ]


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
