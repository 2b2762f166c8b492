"""The table of a task's options: each can be said in every form in which it has a meaning, and the task has it then."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from encodings.aliases import aliases
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.describing import Describer
from pushbutton.adapters.catalog.model import FileTasks, Form, Found
from pushbutton.adapters.catalog.python import read_python
from pushbutton.adapters.catalog.scripts import read_script
from pushbutton.domain.approval import Approval
from pushbutton.domain.failure_help import FailureHelp
from pushbutton.domain.messages import Occasion, Rule
from pushbutton.domain.on_file import OnFile
from pushbutton.domain.rate import Rate
from pushbutton.domain.retry import Retry
from pushbutton.domain.schedule import Schedule
from pushbutton.domain.task import Keep, Task
from pushbutton.job.declare import Field
from pushbutton.job.declare import task as decorator
from pushbutton.job.kinds import ENCODING, Unfit
from pushbutton.job.options import FIELD, FORMS, INPUTS, OPTIONS, PYTHON, SCRIPT

SAID: dict[str, tuple[Any, str, Any]] = {
    "title": ("Tidy up", "title", "Tidy up"),
    "help": ("It tidies.", "help", "It tidies."),
    "group": ("House", "group", "House"),
    "button": ("Tidy", "button", "Tidy"),
    "confirm": ("Sure?", "confirm", "Sure?"),
    "on_failure": ("Nothing is lost.", "on_failure", "Nothing is lost."),
    "failures": (
        [{"match": "Timeout*", "help": "Wait.", "task": "roll-back"}, {"help": "Ask."}],
        "failures",
        (FailureHelp("Timeout*", "Wait.", "roll-back"), FailureHelp(help="Ask.")),
    ),
    "contact": ("Ada", "contact", "Ada"),
    "reason": ("required", "reason", "required"),
    "approvals": ({"approvers": 2, "expires": "30 min"}, "approval", Approval(2, 0.5)),
    "dry_run": ("rehearse", "dry_run", "rehearse"),
    "cwd": ("below", "cwd", "{folder}/below"),
    "env": ({"LANG": "C"}, "env", {"LANG": "C"}),
    "results": (["out"], "results", ("{folder}/out",)),
    "timeout": ("2 min", "limits.timeout", 120),
    "grace": (3, "limits.grace", 3),
    "linger": (0.5, "limits.linger", 0.5),
    "output": ("2 kB", "limits.output", 2000),
    "at_once": (4, "limits.at_once", 4),
    "busy": ("skip", "limits.busy", "skip"),
    "rate": ({"person": "2 per day", "all": "5 per hour"}, "rate", (Rate(2, 86_400, person=True), Rate(5, 3600))),
    "keep": ({"days": 30, "runs": 100, "failed": "always"}, "keep", Keep(30.0, 100, failed=True)),
    "locks": (["ssh", "db"], "locks", {"ssh": 1, "db": 1}),
    "background": ("leave", "limits.background", "leave"),
    "retry": (
        {"times": 5, "wait": "2 s", "factor": 3, "most": "1 min", "jitter": 0.5, "on": ["timeout", "signal KILL"]},
        "retry",
        Retry(5, 2, 3, 60, 0.5, ("timeout", "signal KILL")),
    ),
    "secrets": ({"KEY": "API_KEY"}, "named_secrets", {"KEY": "API_KEY"}),
    "tty": ([30, 100], "tty", (30, 100)),
    "user": ("ada", "user", "ada"),
    "confine": ("data", "confine", "data"),
    "where": (["gpu", "site-b"], "where", ("gpu", "site-b")),
    "encoding": ("windows-1252", "encoding", "cp1252"),
    "schedules": (
        [{"cron": "30 6 * * 1-5", "zone": "Europe/Berlin", "inputs": {}, "name": "early"}],
        "schedules",
        (Schedule("early", "30 6 * * 1-5", zone="Europe/Berlin"),),
    ),
    "on_file": (
        {"path": "/srv/in/*.csv", "rest": "5 s"},
        "on_file",
        OnFile("/srv/in", "*.csv", rest=5.0),
    ),
    "tell": (
        {"failed 3 times": "boss", "over": ["ops", "presser"]},
        "tell",
        (Rule(Occasion.FAILED, ("boss",), 3), Rule(Occasion.OVER, ("ops", "presser"))),
    ),
    "say_output": ("20 lines", "say_output", 20),
    "logging": (True, "target.logging", True),
    "dynamic": (True, "broken", ""),  # it is about reading the file, and the task is none the wiser
    "read": (False, "broken", ""),  # the same
    "command": (["/bin/true"], "target.argv", ("/bin/true",)),
    "params": ({"rehearse": {"type": "bool"}}, "params", None),
}
"""By option: a value, where the task has it, and what it is there."""
ELSEWHERE = [(name, form) for name, row in OPTIONS.items() for form in FORMS if form not in row.only]


def toml(value: Any) -> str:
    """JSON is TOML, but for its tables."""
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{" + ", ".join(f"{json.dumps(name)} = {toml(item)}" for name, item in value.items()) + "}"


@pytest.fixture
async def by() -> AsyncIterator[Describer]:
    """One process, where a test reads many files."""
    describer = Describer(sys.executable)
    yield describer
    await describer.close()


async def read(folder: Path, form: str, said: dict[str, Any], by: Describer | None = None) -> tuple[FileTasks, Task]:
    """A task whose file says this, beside the least that it has to say."""
    rehearse = {"params": {"rehearse": {"type": "bool"}}}
    if form == PYTHON:
        file = folder / "tidy.py"
        options = ", ".join(f"{name}={value!r}" for name, value in said.items())
        file.write_text(f"from pushbutton import task\n@task({options})\ndef tidy(rehearse: bool = False): ...\n")
        reading = await read_python(Found(file, Form.PYTHON), execute=False, by=by)
    elif form == SCRIPT:
        file = folder / "tidy.sh"
        lines = "".join(f"# {name} = {toml(value)}\n" for name, value in (rehearse | said).items())
        file.write_text(f"#!/bin/sh\n# /// pushbutton\n{lines}# ///\n")
        file.chmod(0o755)
        found = read_script(Found(file, Form.SCRIPT))
        assert found is not None
        reading = found
    else:
        file = folder / "pushbutton.yaml"
        file.write_text(json.dumps({"tasks": {"tidy": {"command": ["/bin/echo"], **rehearse, **said}}}))
        reading = read_config(Found(file, Form.CONFIG))
    return reading, reading.tasks[0]


@pytest.mark.parametrize(("name", "form"), [(name, form) for name, row in OPTIONS.items() for form in row.only])
async def test_an_option_said_in_any_form_is_what_the_task_has(tmp_path, name, form):
    assert name in SAID, f"give a value of “{name}” here, and say where a task has it"
    value, where, expected = SAID[name]
    reading, task = await read(tmp_path, form, {name: value})
    assert [str(problem) for problem in reading.problems] == []
    found = attrgetter(where)(task)
    if name == "params":
        assert [param.name for param in found] == ["rehearse"]
    else:
        said = repr(expected)  # where the folder of the test stands in it, it is a plain value
        assert found == (eval(said.replace("{folder}", str(tmp_path))) if "{folder}" in said else expected)


async def test_each_is_another_where_nothing_is_said(tmp_path):
    """Else the test above would say nothing."""
    bare = {form: (await read(tmp_path, form, {}))[1] for form in FORMS}
    names = [name for name in SAID if name not in ("params", "dynamic", "read")]
    assert [name for name in names if attrgetter(SAID[name][1])(bare[OPTIONS[name].only[0]]) == SAID[name][2]] == []


@pytest.mark.parametrize(("name", "form"), ELSEWHERE)
async def test_an_option_without_a_meaning_in_a_form_is_refused_with_the_reason(tmp_path, name, form):
    reading, task = await read(tmp_path, form, {name: SAID[name][0]})
    said = " ".join(str(problem) for problem in reading.problems)
    assert f"named “{name}” for a task" in said or f"no key “{name}” here" in said
    row = OPTIONS[name]
    assert f" It belongs to {' and '.join(FORMS[one] for one in row.only)}: {row.why}." in said
    assert task.broken


@pytest.mark.parametrize("form", FORMS)
async def test_a_wrong_value_is_told_in_the_same_words_in_every_form(tmp_path, form, by):
    for name, value, sentence in (
        ("timeout", "soon", "“timeout” must be seconds, or text such as “10 min”."),
        ("busy", "skp", "“busy” must be one of: queue, skip, join, replace. Did you mean “skip”?"),
        ("env", {"PUSHBUTTON_X": "1"}, "“env” must be a table of names and texts; “PUSHBUTTON_X” cannot be the name"),
        ("tell", {"fialed": "ops"}, "“tell” must be a table in which no “fialed” stands. There are: asks, failed, rec"),
        ("tell", {"over": []}, "“tell” must be a table in which “over” has the name of a channel, or a list of names."),
        ("say_output", 1000, "“say_output” must be a number of lines from 1 to 100, such as “20 lines”."),
        (
            "rate",
            "5 per year",
            "“rate” must be a number of presses per second, minute, hour, day or week, such as “5 ",
        ),
        (
            "rate",
            {"user": "5 per day"},
            "“rate” must be text such as “5 per hour”, or a table with “all” and “person”.",
        ),
        ("keep", {"runs": 0}, "“keep” must be a table whose “runs” is a whole number, 1 or more."),
        ("keep", {"failed": True}, "“keep” must be a table whose “failed” is: always."),
        ("locks", ["a b"], "“locks” must be names of locks, of letters, digits, “.”, “_” and “-”; “a b” is none."),
        ("locks", {"ssh": 5}, "“locks” must be a list of names: how many runs hold one at once stands in pushbutton."),
        ("linger", -1, "“linger” must be seconds, or text such as “10 s”."),
        ("tty", [0, 1], "“tty” must be true, or [rows, columns] such as [24, 80]."),
        ("encoding", "cp1225", "“encoding” must be an encoding that Python knows, such as cp1252. Did you mean “cp1"),
        ("encoding", "utf-16", "“encoding” must be an encoding in which ASCII is one byte a character, such as cp1252"),
    ):
        _, task = await read(tmp_path, form, {name: value}, by)
        assert sentence in task.broken


def test_what_has_no_meaning_somewhere_says_why():
    assert {name for name, _ in ELSEWHERE} == {name for name, row in OPTIONS.items() if row.why}


def test_the_decorator_knows_and_describes_what_it_takes():
    taken = [name for name, row in OPTIONS.items() if PYTHON in row.only]
    assert [line.split()[0] for line in (decorator.__doc__ or "").splitlines() if "  " in line.strip()] == taken
    with pytest.raises(TypeError, match=r"“params”; it takes title, .*a function's inputs are its arguments"):
        decorator(params={})  # type: ignore[call-overload]


def test_an_encoding_in_which_lines_and_escapes_would_not_be_found_is_refused():
    known = {name for name in set(aliases.values()) if name not in ("mbcs", "oem")}
    taken = {name for name in known if _takes(name)}
    wide = "utf_16 utf_16_le utf_32 utf_7 utf_8_sig cp037 cp500 hz iso2022_jp iso2022_kr"
    assert [name for name in (*wide.split(), "base64_codec", "rot_13", "zlib_codec") if _takes(name)] == []
    assert {"cp1252", "latin_1", "koi8_r", "mac_roman", "shift_jis", "cp932", "euc_jp", "gb18030", "big5"} <= taken
    line = "\x1b[31m10%\t[x] {y} \\\\ ~\r\n"
    assert [name for name in taken if line.encode(name) != line.encode() or line.encode().decode(name) != line] == []


@pytest.mark.parametrize("name", ["", "\0", "../etc", "x" * 5000, "ä", "unicode_escape", "idna", "undefined", 8, None])
def test_what_is_no_encoding_is_refused_and_nothing_worse(name):
    assert not _takes(name)


def _takes(name: object) -> bool:
    try:
        ENCODING.read(name)
    except Unfit:
        return False
    return True


SAID_OF_AN_INPUT: dict[str, tuple[str, Any, Any]] = {
    "label": ("str", "Whom", "Whom"),
    "help": ("str", "A name.", "A name."),
    "when": ("str", {"other": True}, {"other": [True]}),
    "min": ("int", 2, 2),
    "max": ("int", 9, 9),
    "min_length": ("str", 2, 2),
    "max_length": ("str", 9, 9),
    "pattern": ("str", "a+", "a+"),
    "pattern_text": ("str", "Only a.", "Only a."),
    "example": ("str", "aaa", "aaa"),
    "multiline": ("str", True, True),
    "controls": ("str", True, True),
    "dash": ("str", True, True),
}
"""By option: the input's type, a value, and what the input has then."""


async def read_input(
    folder: Path, form: str, kind: str, said: dict[str, Any], by: Describer | None = None
) -> tuple[FileTasks, Task]:
    if form == PYTHON:
        file = folder / "tidy.py"
        options = ", ".join(f"{name}={value!r}" for name, value in said.items())
        head = "from typing import Annotated\nfrom pushbutton import Field, task\n@task\n"
        file.write_text(f"{head}def tidy(it: Annotated[{kind}, Field({options})], other: bool = False): ...\n")
        reading = await read_python(Found(file, Form.PYTHON), execute=False, by=by)
        return reading, reading.tasks[0]
    return await read(folder, form, {"params": {"other": {"type": "bool"}, "it": {"type": kind, **said}}})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [name for name, row in FIELD.items() if set(row.only) == set(FORMS)])
async def test_an_option_of_an_input_said_in_any_form_is_what_the_input_has(tmp_path, name, form, by):
    assert name in SAID_OF_AN_INPUT, f"give a value of “{name}” here, and say what an input has then"
    kind, value, expected = SAID_OF_AN_INPUT[name]
    reading, task = await read_input(tmp_path, form, kind, {name: value}, by)
    assert [str(problem) for problem in reading.problems] == []
    (param,) = (param for param in task.params if param.name == "it")
    assert getattr(param, name) == expected
    _, bare = await read_input(tmp_path, form, kind, {}, by)
    assert [getattr(param, name) for param in bare.params if param.name == "it"] != [expected]


@pytest.mark.parametrize("form", FORMS)
async def test_a_wrong_value_of_an_input_is_told_and_breaks_nothing_else(tmp_path, form, by):
    for name, value, sentence in (
        ("label", 3, "must be text"),
        ("min_length", "x", "must be a whole number, 0 or more"),
        ("pattern", 4, "must be text"),
        ("multiline", "yes", "must be true or false"),
        ("when", "other", "must be a table of inputs and the values that they must have"),
        ("lable", "x", "Did you mean “label”?"),
    ):
        reading, task = await read_input(tmp_path, form, "str", {name: value}, by)
        assert reading.whole is None
        assert (f"“{name}”" in task.broken, sentence in task.broken) == (True, True), task.broken


@pytest.mark.parametrize(
    "name", [name for name in INPUTS if name not in FIELD and name.isidentifier() and name != "pass"]
)
async def test_what_a_field_has_no_use_for_is_refused_with_the_reason(tmp_path, name):
    _, task = await read_input(tmp_path, PYTHON, "str", {name: "x"})
    belongs = " and ".join(FORMS[form] for form in INPUTS[name].only)
    assert f"named “{name}” for Field. It belongs to {belongs}: {INPUTS[name].why}." in task.broken


@pytest.mark.parametrize("form", [form for form in FORMS if form != PYTHON])
@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"upload": True}, "file"),
        ({"upload": True, "type": "file"}, "file"),
        ({"upload": False}, "str"),
        ({"upload": True, "type": "str"}, "“it” is str, which nobody can bring along: make it file, or leave “upload”"),
        (
            {"upload": False, "type": "file"},
            "“it” is file, which is brought along: make it str, or leave “upload” out.",
        ),
        ({"upload": True, "choices": ["a"]}, "“it” is choice, which nobody can bring along"),
        ({"upload": "yes"}, "“upload” must be true or false."),
    ],
)
async def test_upload_makes_an_input_a_file_that_is_brought_along(tmp_path, form, said, found):
    reading, task = await read(tmp_path, form, {"params": {"it": said}})
    told = [str(problem) for problem in reading.problems] or [str(param.type) for param in task.params]
    assert len(told) == 1
    assert found in told[0]


def test_a_field_shows_what_it_was_given():
    assert repr(Field(min=1, label="Servers")) == "Field(min=1, label='Servers')"
    assert [line.split()[0] for line in (Field.__doc__ or "").splitlines() if "  " in line.strip()] == list(FIELD)
