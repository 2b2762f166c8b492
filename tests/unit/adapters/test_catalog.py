"""Folders, scripts, Python files and pushbutton.yaml as tasks, while they change."""

# ruff: noqa: E501 - a sentence that is tested stands on one line

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from ruamel.yaml import YAML

from pushbutton.adapters.catalog import PathCatalog, check, config_schema
from pushbutton.adapters.catalog.model import slug_of
from pushbutton.domain.param import ParamType
from pushbutton.domain.run import Busy
from pushbutton.domain.targets import Arguments, CommandTarget, ScriptTarget
from pushbutton.domain.task import Task
from pushbutton.errors import ConfigError, NoSuchTask
from pushbutton.runtime.ports import Catalog

ROOT = Path(__file__).parents[3]
TASKS = "from pushbutton import task\n\n@task\ndef deploy_shop(n: int = 1):\n    'Deploys.'\n"


class Followed:
    """A catalog and a way to wait until it shows something."""

    def __init__(self, paths: Sequence[Path | str]) -> None:
        self._changed = asyncio.Event()
        self.catalog = PathCatalog([str(path) for path in paths], self._changed.set)

    @property
    def tasks(self) -> dict[str, Task]:
        return dict(self.catalog.tasks())

    async def until(self, shown: Callable[[dict[str, Task]], object], limit: float = 60) -> None:
        async with asyncio.timeout(limit):
            while not shown(self.tasks):
                self._changed.clear()
                if not shown(self.tasks):
                    await self._changed.wait()


@asynccontextmanager
async def followed(*paths: Path | str) -> AsyncIterator[Followed]:
    one = Followed(paths)
    await one.catalog.open()
    try:
        yield one
    finally:
        await one.catalog.close()


async def read(*paths: Path | str) -> dict[str, Task]:
    async with followed(*paths) as one:
        return one.tasks


def script(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


async def only(path: Path) -> Task:
    (task,) = (await read(path)).values()
    return task


async def test_an_executable_file_is_a_task_at_once(tmp_path: Path):
    path = script(
        tmp_path / "tidy-up.sh", "#!/bin/bash -eu\n\n# Tidies the shelf.\n# Twice.\n\n# Not this.\nset -x\n# nor this\n"
    )
    task = await only(tmp_path)
    assert (task.slug, task.title, task.help, task.broken) == ("tidy-up", "Tidy up", "Tidies the shelf.\nTwice.", "")
    assert task.target == ScriptTarget(str(path), {}, "#!/bin/bash -eu", Arguments.NONE)
    assert (task.cwd, task.params) == (str(tmp_path), ())


async def test_a_python_script_has_its_docstring_as_help(tmp_path: Path):
    script(tmp_path / "x.py", "#!/usr/bin/env python3\n# coding: utf-8\n'''Says x.'''\n")
    assert (await only(tmp_path)).help == "Says x."


async def test_what_is_no_task_is_passed_over(tmp_path: Path):
    for name in (".hidden", "x.pyc", "old~", "#x#", "notes.md", ".git/x", "__pycache__/x", "node_modules/x", "a/b/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        script(tmp_path / name, "" if name == "notes.md" else "#!/bin/sh\n")
    (tmp_path / "plain.txt").write_text("x")
    (tmp_path / "lib.py").write_text("def public(): ...\n")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert await read(tmp_path) == {}


async def test_a_subfolder_is_a_group(tmp_path: Path):
    script(tmp_path / "data-fixes" / "b.sh")
    script(tmp_path / "z.sh")
    assert [(task.slug, task.group) for task in (await read(tmp_path)).values()] == [("z", ""), ("b", "Data fixes")]


BLOCK = """#!/bin/sh
# /// pushbutton
# title = "Back up"
# timeout = "10 min"
# busy = "skip"
# tty = true
#
# [params.where]
# choices = {shelf = "The shelf", cellar = "The cellar"}
# default = "cellar"
# pass = "option"
#
# [params.since]
# type = "date"
# default = 2026-11-23
# ///
"""


async def test_a_block_in_the_head_of_a_script_says_more(tmp_path: Path):
    script(tmp_path / "backup", BLOCK)
    task = await only(tmp_path)
    assert (task.title, task.limits.timeout, task.limits.busy, task.tty) == ("Back up", 600.0, Busy.SKIP, (24, 80))
    where, since = task.params
    assert [(choice.value, choice.label) for choice in where.choices] == [
        ("shelf", "The shelf"),
        ("cellar", "The cellar"),
    ]
    assert (where.type, where.default, where.required) == (ParamType.CHOICE, "cellar", False)
    assert (since.type, since.default) == (ParamType.DATE, "2026-11-23")
    assert isinstance(task.target, ScriptTarget)
    assert task.target.passing == {"where": "option", "since": "env"}


@pytest.mark.parametrize("sign", ["//", "--"])
async def test_the_block_may_stand_in_other_comments(sign: str, tmp_path: Path):
    script(tmp_path / "x", f'#!/usr/bin/env node\n{sign} /// pushbutton\n{sign} title = "X y"\n{sign} ///\n')
    assert (await only(tmp_path)).title == "X y"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "#!/bin/sh\n# /// pushbutton\n# titel = 'x'\n# ///\n",
            "x.sh line 3: There is no key “titel” here. Did you mean “title”?",
        ),
        (
            "#!/bin/sh\n# /// pushbutton\n# title = 'x'\n",
            "x.sh line 2: This block has no end: close it with the line “# ///”.",
        ),
        (
            "#!/bin/sh\n# /// pushbutton\n# title = \n# ///\n",
            'x.sh line 3: There is no value behind the “=”: text stands in quotes, as in: title = "Back up".',
        ),
        (
            "#!/bin/sh\n# /// pushbutton\nx\n# ///\n",
            "x.sh line 3: Every line of the block begins with “#”, and its last line is “# ///”.",
        ),
        (
            "#!/bin/sh\n# /// pushbutton\n# [params.n]\n# type = 'int'\n# default = 'x'\n# ///\n",
            "x.sh line 5: The default of “n” does not fit: Write a whole number, such as 3.",
        ),
        (
            "#!/bin/sh\n# /// pushbutton\n# [params.env]\n# ///\n",
            "x.sh line 3: “env” would set $ENV, which programs act on: give it another name, or pass it as an argument.",
        ),
        (
            "#!/bin/sh\n# /// pushbutton\n# [params.key]\n# type = 'secret'\n# pass = 'option'\n# ///\n",
            "x.sh line 5: “key” is a secret, so it can only be passed by “env”.",
        ),
        ("echo\n", "x.sh line 1: Its first line must say which program runs it, such as #!/bin/sh."),
        (
            "#!/bin/sh\r\necho\r\n",
            "x.sh line 1: Its lines end as on Windows, and the system looks for a program whose name ends so; save it anew.",
        ),
    ],
)
async def test_a_script_that_cannot_work_is_broken_with_line_and_reason(text: str, reason: str, tmp_path: Path):
    path = tmp_path / "x.sh"
    path.write_bytes(text.encode())
    path.chmod(0o755)
    assert (await only(tmp_path)).broken == reason


async def test_a_list_is_declared_with_what_its_values_are(tmp_path: Path):
    path = tmp_path / "pushbutton.yaml"
    path.write_text(
        "tasks:\n  count:\n    command: [x, '{shops}']\n    params:\n"
        "      shops: {type: list, of: int, min: 1, default: [1, 2]}\n"
    )
    task = await only(path)
    (param,) = task.params
    assert (param.type, param.of, param.min, param.default, task.broken) == ("list", "int", 1, [1, 2], "")


@pytest.mark.parametrize(
    ("choices", "offered"),
    [
        ("[b, a, b, a]", ["b", "a"]),
        ("[1, '1', 1, '1']", [1, "1"]),  # one is a number
        ("[3.10, 3.9, '3.10', 3.1]", ["3.10", "3.9", "3.1"]),
        ("['', a, '']", ["", "a"]),
    ],
)
@pytest.mark.parametrize("kind", ["choice", "choices"])
async def test_a_choice_that_stands_twice_in_a_list_is_offered_once(
    choices: str, offered: list[object], kind: str, tmp_path: Path
):
    path = tmp_path / "pushbutton.yaml"
    path.write_text(
        f"tasks:\n  go:\n    command: [x, '{{v}}']\n    params:\n      v: {{type: {kind}, choices: {choices}}}\n"
    )
    task = await only(path)
    assert ([choice.value for choice in task.params[0].choices], task.broken) == (offered, "")


def test_a_choice_that_stands_twice_in_a_table_is_a_mistake(tmp_path: Path):
    path = tmp_path / "pushbutton.yaml"
    path.write_text(
        "tasks:\n  go:\n    command: [x, '{v}']\n    params:\n      v:\n        choices:\n"
        "          a: The A\n          b: The B\n          a: Another\n"
    )
    said = [(problem.line, problem.sentence) for problem in check([path])]
    assert said == [(9, "“a” stands here twice: leave one of them.")]


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("{type: str, of: int}", "“shops” is str, which can have no “of”."),
        ("{type: list, min: 1}", "“shops” is list, which can have no “min”."),
        ("{type: list, default: 3}", "“default” of “shops” must be a list."),
        (
            "{type: list, of: int, default: [x]}",
            "The default of “shops” does not fit: Write a whole number, such as 3.",
        ),
    ],
)
async def test_what_a_list_cannot_have_is_said(keys: str, sentence: str, tmp_path: Path):
    path = tmp_path / "pushbutton.yaml"
    path.write_text(f"tasks:\n  count:\n    command: [x, '{{shops}}']\n    params:\n      shops: {keys}\n")
    assert sentence in (await only(path)).broken


async def test_numbers_that_become_text_stay_as_they_were_written(tmp_path: Path):
    (tmp_path / "pushbutton.yaml").write_text(
        "tasks:\n  go:\n    command: [go, 3.10, 0755, 1_000, 1e3, 0x1F, 12:30, yes, 2026-01-01 8:05:00, 7, 2.5, '{v}', '{n}', '{s}']\n"
        "    env: {SHOP: 007, RATE: 2.50, N: 5}\n    params:\n"
        "      v: {choices: [3.9, 3.10, 3.11, 3.9], default: 3.9}\n"
        "      n: {choices: {010: Ten, 12: Twelve}, when: {v: [3.10, 3.9]}}\n"
        "      s: {choices: [5, 5.5, yes, no, On, true]}\n"
        "      i: {type: int, default: 5, min: 0.50}\n"
    )
    task = await only(tmp_path)
    assert task.broken == ""
    assert isinstance(task.target, CommandTarget)
    assert task.target.argv[1:11] == (
        "3.10",
        "0755",
        "1_000",
        "1e3",
        "0x1F",
        "12:30",
        "yes",
        "2026-01-01 8:05:00",
        "7",
        "2.5",
    )
    assert task.env == {"SHOP": "007", "RATE": "2.50", "N": "5"}
    v, n, s, i = task.params
    assert ([choice.value for choice in v.choices], v.default) == (["3.9", "3.10", "3.11"], "3.9")
    assert ([choice.value for choice in n.choices], n.when) == (["010", "12"], {"v": ["3.10", "3.9"]})
    assert [choice.value for choice in s.choices] == [5, 5.5, "yes", "no", "On", True]
    assert (i.default, i.min, type(i.min)) == (5, 0.5, float)


async def test_numbers_in_the_head_of_a_script_stay_as_they_were_written(tmp_path: Path):
    script(
        tmp_path / "x.sh",
        "#!/bin/sh\n# /// pushbutton\n# [params.v]\n# choices = [1.2, 1.20]\n# default = 1.20\n# ///\n",
    )
    param = (await only(tmp_path)).params[0]
    assert ([choice.value for choice in param.choices], param.default) == (["1.2", "1.20"], "1.20")


def test_a_text_whose_default_is_a_number_is_told_to_put_it_in_quotes(tmp_path: Path):
    (tmp_path / "pushbutton.yaml").write_text(
        "tasks:\n  go:\n    command: [go]\n    params:\n      v: {default: 3.10}\n"
    )
    assert [str(one).partition(" ")[2] for one in check([tmp_path])] == [
        "“default” of “v” must be text; put it in quotes."
    ]


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ("[params.shop]\n# [params.Shop]", "“shop” and “Shop” would both be $SHOP: give one another name."),
        (
            "[params.v]\n# type = 'choices'\n# choices = ['x', 'a,b']",
            "A choice of “v” holds a comma, and the job is given several with commas between: write it without, and put the comma into what is shown.",
        ),
    ],
)
async def test_inputs_that_a_script_could_not_tell_apart_are_refused_when_it_is_read(
    params: str, reason: str, tmp_path: Path
):
    script(tmp_path / "x.sh", f"#!/bin/sh\n# /// pushbutton\n# {params}\n# ///\n")
    assert (await only(tmp_path)).broken.partition(": ")[2] == reason


CONFIG = """tasks:
  say-hello:
    title: Say hello
    command: [echo, "hello {name}", --times, 3]
    cwd: below
    params:
      name: {default: you, max_length: 20}
      loud: {type: bool}
"""


async def test_a_command_of_the_configuration_is_a_task(tmp_path: Path):
    (tmp_path / "pushbutton.yaml").write_text(CONFIG)
    task = await only(tmp_path)
    assert task.target == CommandTarget(("echo", "hello {name}", "--times", "3"))
    assert (task.slug, task.source.line, task.cwd) == ("say-hello", 2, str(tmp_path / "below"))
    assert [(param.name, param.type, param.default) for param in task.params] == [
        ("name", ParamType.STR, "you"),
        ("loud", ParamType.BOOL, False),
    ]


@pytest.mark.parametrize(
    ("old", "new", "place", "sentence"),
    [
        ("title:", "titel:", (3, 5), "There is no key “titel” here. Did you mean “title”?"),
        ("{name}", "{nme}", (4, 21), "There is no input named “nme”. Did you mean “name”?"),
        ("{name}", "{name", (4, 21), "“hello {name” has a single “{”; write it twice where a brace is meant."),
        (
            '[echo, "hello {name}", --times, 3]',
            "echo {name}",
            (4, 5),
            "“command” must be a list, one item per argument: nothing passes through a shell.",
        ),
        (
            "[echo,",
            "['{name}',",
            (4, 5),
            "“command” must be a list that begins with the program; an input cannot choose it.",
        ),
        (
            "[echo,",
            "[sh, -c,",
            (4, 23),
            "“name” would become part of a shell's program text: give it as an item of its own after that text and a name, and write $1 there; or use $NAME.",
        ),
        (
            "[echo,",
            "[sudo, bash, -o, pipefail, -c, --,",
            (4, 49),
            "“name” would become part of a shell's program text: give it as an item of its own",
        ),
        (
            "[echo,",
            "[python3, -c,",
            (4, 28),
            "“name” would become part of a program that python reads: use the environment variable $NAME there, or write a script.",
        ),
        (
            "[echo,",
            "[ssh, host,",
            (4, 26),
            "“name” would become part of a shell's program text on the other side, for ssh joins its words: use the environment variable $NAME (SendEnv), or write a script that quotes it.",
        ),
        (
            "type: bool",
            "type: boll",
            (8, 14),
            "“type” must be one of: str, int, float, bool, date, time, datetime, choice, choices, list, file, secret. Did you mean “bool”?",
        ),
        ("type: bool", "type: secret, default: x", (8, 28), "“loud” is secret, which can have no default."),
        (
            "loud:",
            "path:",
            (8, 7),
            "“path” would set $PATH, which programs act on: give it another name, or pass it as an argument.",
        ),
        (
            "max_length: 20",
            "max_length: 2",
            (7, 14),
            "The default of “name” does not fit: Write at most 2 characters; there are 3.",
        ),
        (
            "type: bool",
            "type: date, min: soon",
            (8, 26),
            "“min” of “loud” cannot be read. Write a date as year-month-day, such as 2026-11-23.",
        ),
        (
            "type: bool",
            "type: time, max: '9:00'",
            (8, 26),
            "“max” of “loud” cannot be read. Write a time as hours:minutes, such as 09:42.",
        ),
        (
            "type: bool",
            "type: datetime, max: '2026-02-30'",
            (8, 30),
            "“max” of “loud” cannot be read. Write a date and time, such as 2026-11-23T09:42.",
        ),
        (
            "type: bool",
            "type: float, min: .nan",
            (8, 27),
            "“min” of “loud” cannot be read. Write a number, such as 3.5.",
        ),
        (
            "type: bool",
            "type: date, max: 2026-01-01, min: 2026-01-02",
            (8, 43),
            "“min” of “loud” is above its “max”, so that nothing would fit.",
        ),
        ("say-hello", "Say_Hello", (2, 3), "A task's name has only a-z, 0-9 and “-”: write “say-hello”."),
        ("title: Say hello", "timeout: soon", (3, 5), "“timeout” must be seconds, or text such as “10 min”."),
        ("title: Say hello", "confirm: 'Hello {you}?'", (3, 5), "“confirm” names “{you}”, and there is no such input."),
        ("    cwd: below", "   cwd: below", (5, 4), "This line is indented otherwise than those that it belongs to."),
        ("cwd: below", "title: again", (5, 5), "“title” stands here twice: leave one of them."),
        ("tasks:", "task:", (1, 1), "There is no key “task” here. Did you mean “tasks”?"),
    ],
)
def test_a_mistake_in_the_configuration_has_line_and_column(
    old: str, new: str, place: tuple[int, int], sentence: str, tmp_path: Path
):
    path = tmp_path / "pushbutton.yaml"
    path.write_text(CONFIG.replace(old, new))
    problem = check([path])[0]
    assert problem.sentence.startswith(sentence)
    assert (problem.line, problem.column) == place


TEN, TEN_A, TEN_B, TEN_C, TEN_D = (f"[{', '.join([one] * 10)}]" for one in ("1", "*a", "*b", "*c", "*d"))


@pytest.mark.parametrize(
    ("task", "place", "sentence"),
    [
        ("env: {? [a, b] : c}", (2, 34), "A key here must be text: put it in quotes."),
        ("params: {? {a: b} : c}", (2, 37), "A key here must be text: put it in quotes."),
        ("params: {x: {~: c}}", (2, 39), "A key here must be text: put it in quotes."),
        (
            f"env: [&a {TEN}, &b {TEN_A}, &c {TEN_B}, &d {TEN_C}, &e {TEN_D}]",
            (2, 3),
            "It holds itself, or more than anybody can look through.",
        ),
    ],
)
def test_a_key_that_is_no_text_has_line_and_column(task: str, place: tuple[int, int], sentence: str, tmp_path: Path):
    path = tmp_path / "pushbutton.yaml"
    path.write_text(f"tasks:\n  one: {{command: [echo], {task}}}\n")
    problem = check([path])[0]
    assert problem.sentence == sentence
    assert (problem.line, problem.column) == place


async def test_a_fault_in_reading_one_file_is_logged_and_hurts_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(_: object) -> None:
        raise TypeError("unhashable")

    monkeypatch.setattr("pushbutton.adapters.catalog.config.read_config", fail)
    (tmp_path / "pushbutton.yaml").write_text(CONFIG)
    script(tmp_path / "tidy.sh")
    tasks = await read(tmp_path)
    assert tasks["tidy"].broken == ""
    assert tasks["pushbutton"].broken == (
        "pushbutton.yaml line 1: It cannot be read (TypeError); the server's log says more."
    )
    assert "pushbutton.yaml failed" in caplog.text


async def test_half_a_character_breaks_its_task_and_is_replaced(tmp_path: Path):
    (tmp_path / "pushbutton.yaml").write_text('tasks:\n  one:\n    title: "x\\ud800"\n    command: ["true"]\n')
    task = await only(tmp_path)
    assert (task.title, task.broken) == (
        "x\ufffd",
        "pushbutton.yaml line 2: “title” holds half of a character (such as \\ud800): write it anew.",
    )


async def test_a_name_that_is_not_utf_8_breaks_its_task_and_is_replaced(tmp_path: Path):
    script(tmp_path / "caf\udce9.sh")
    task = await only(tmp_path)
    assert (task.slug, task.title, task.source.file) == ("caf", "Caf\ufffd", f"{tmp_path}/caf\ufffd.sh")
    assert task.broken == (
        "caf\ufffd.sh line 1: The name of this file or of a folder above it is not UTF-8, so nobody can be shown it: rename it."
    )
    (problem,) = await asyncio.to_thread(check, [tmp_path])
    assert str(problem).encode()


def test_the_published_schema_is_the_one_of_the_parser():
    published = json.loads((ROOT / "docs" / "pushbutton.schema.json").read_text(encoding="utf-8"))
    assert published == config_schema()
    jsonschema.Draft202012Validator.check_schema(published)


def test_the_schema_takes_what_the_parser_takes():
    validator = jsonschema.Draft202012Validator(config_schema())
    tour = YAML(typ="safe").load((ROOT / "examples" / "tour" / "pushbutton.yaml").read_text())
    assert list(validator.iter_errors(tour)) == []
    assert list(validator.iter_errors(YAML(typ="safe").load(CONFIG))) == []
    assert [error.json_path for error in validator.iter_errors({"tasks": {"x": {"titel": "x"}}})] == ["$.tasks.x"] * 2


async def test_tasks_of_a_python_file_in_a_folder_are_the_decorated_ones(tmp_path: Path):
    (tmp_path / "shop.py").write_text(TASKS + "def other(): ...\n")
    task = await only(tmp_path)
    assert (task.slug, task.title, task.help, task.source.line) == ("deploy-shop", "Deploy shop", "Deploys.", 4)
    assert task.params[0].default == 1


async def test_a_named_file_needs_no_import_of_ours(tmp_path: Path):
    path = tmp_path / "shop.py"
    path.write_text("def one(): ...\ndef two(x: int): ...\n")
    assert list(await read(path)) == ["one", "two"]
    assert list(await read(f"{path}:two")) == ["two"]
    assert (await only(Path(f"{path}:tow"))).broken == (
        "shop.py line 1: There is no task named “tow” in it. Did you mean “two”?"
    )


async def test_a_file_may_be_named_beside_its_folder(tmp_path: Path):
    plain, ours, group = tmp_path / "plain.py", tmp_path / "shop.py", tmp_path / "group"
    group.mkdir()
    plain.write_text("def one(): ...\ndef two(): ...\n")
    ours.write_text(TASKS)
    (group / "deep.py").write_text("def three(): ...\n")
    for paths in ((tmp_path, plain), (plain, tmp_path)):
        assert sorted(await read(*paths)) == ["deploy-shop", "one", "two"]
    assert sorted(await read(tmp_path, f"{plain}:two")) == ["deploy-shop", "two"]
    tasks = await read(tmp_path, f"{ours}:deploy_shop", ours, group / "deep.py")
    assert {slug: (task.group, task.broken) for slug, task in tasks.items()} == {
        "deploy-shop": ("", ""),
        "three": ("Group", ""),
    }


async def test_a_bound_that_cannot_be_read_breaks_a_python_task(tmp_path: Path):
    (tmp_path / "shop.py").write_text(
        "import datetime as dt\nfrom typing import Annotated\nfrom pushbutton import Field, task\n\n\n"
        "@task\ndef go(day: Annotated[dt.date, Field(min='soon')]): ...\n"
    )
    assert (await only(tmp_path)).broken == (
        "shop.py line 7: “min” of “day” cannot be read. Write a date as year-month-day, such as 2026-11-23."
    )


async def test_a_path_that_does_not_exist_is_a_configuration_error(tmp_path: Path):
    with pytest.raises(ConfigError, match="There is no such file or folder"):
        await read(tmp_path / "nowhere")


async def test_a_broken_file_hurts_no_other_and_keeps_its_tasks_names(tmp_path: Path):
    (tmp_path / "shop.py").write_text(TASKS)
    script(tmp_path / "tidy.sh")
    async with followed(tmp_path) as one:
        (tmp_path / "shop.py").write_text(TASKS + "def (\n")
        await one.until(lambda tasks: tasks["deploy-shop"].broken)
        assert one.tasks["deploy-shop"].broken == "shop.py line 6: Invalid syntax."
        assert one.tasks["tidy"].broken == ""
        (tmp_path / "shop.py").write_text(TASKS)
        await one.until(lambda tasks: not tasks["deploy-shop"].broken)


async def test_a_file_that_was_never_whole_is_a_broken_task_of_its_own_name(tmp_path: Path):
    (tmp_path / "shop.py").write_text("import pushbutton\ndef (\n")
    script(tmp_path / "shop.sh")
    tasks = await read(tmp_path)
    assert tasks["shop"].broken == ""
    assert tasks["shop-py"].broken == "shop.py line 2: Invalid syntax."


async def test_edits_and_new_files_show_within_a_second_and_what_is_gone_soon_after(tmp_path: Path):
    path = script(tmp_path / "one.sh")
    taken = []
    async with followed(tmp_path) as one:

        async def shows(what: Callable[[dict[str, Task]], object]) -> None:
            begun = time.monotonic()
            await one.until(what, 30)
            taken.append(time.monotonic() - begun)

        script(tmp_path / "two.sh")
        await shows(lambda tasks: set(tasks) == {"one", "two"})
        path.write_text("#!/bin/sh\n# Now with help.\n")
        await shows(lambda tasks: tasks["one"].help == "Now with help.")
        path.unlink()
        await shows(lambda tasks: set(tasks) == {"two"})
        script(tmp_path / "group" / "three.sh")
        await shows(lambda tasks: "three" in tasks)
        (tmp_path / "shop.py").write_text(TASKS)
        await shows(lambda tasks: "deploy-shop" in tasks)
        (tmp_path / "two.sh").chmod(0o644)
        await shows(lambda tasks: "two" not in tasks)
        (tmp_path / "group" / "three.sh").rename(tmp_path / "four.sh")
        await shows(lambda tasks: "four" in tasks and "three" not in tasks)
        script(tmp_path / "group" / "five.sh")
        await shows(lambda tasks: "five" in tasks)
    assert statistics.median(taken) < 1, taken  # one may be late because the machine has other things to do


async def test_an_unchanged_file_is_not_read_again(tmp_path: Path):
    script(tmp_path / "one.sh")
    async with followed(tmp_path) as one:
        before = one.tasks["one"]
        script(tmp_path / "two.sh")
        await one.until(lambda tasks: "two" in tasks)
        assert one.tasks["one"] is before


async def test_a_folder_may_go_and_come_back(tmp_path: Path):
    folder = tmp_path / "jobs"
    path = script(folder / "one.sh")
    async with followed(folder) as one:
        path.unlink()
        folder.rmdir()
        await one.until(lambda tasks: not tasks)
        script(folder / "two.sh")
        await one.until(lambda tasks: "two" in tasks)


async def test_reading_a_file_that_does_not_end_is_given_up(tmp_path: Path):
    from pushbutton.adapters.catalog.model import Form, Found
    from pushbutton.adapters.catalog.python import read_python

    path = tmp_path / "shop.py"
    path.write_text(
        "from pushbutton import task\nimport time\nX = time.sleep(60)\n@task(dynamic=True)\ndef go(x: X): ...\n"
    )
    reading = await read_python(Found(path, Form.PYTHON), execute=True, limit=0.5)
    assert reading.whole is not None
    assert reading.whole.sentence == (
        "Reading it takes longer than 0.5 seconds: move the work at its top level into a function."
    )


async def test_an_unknown_task_is_answered_with_the_nearest(tmp_path: Path):
    script(tmp_path / "deploy.sh")
    async with followed(tmp_path) as one:
        with pytest.raises(NoSuchTask, match=r"There is no task named “deplyo”\. Did you mean “deploy”\?"):
            one.catalog.task("deplyo")


def test_checking_runs_nothing_and_finds_everything(tmp_path: Path):
    (tmp_path / "shop.py").write_text(
        f"open({str(tmp_path / 'ran')!r}, 'w')\nfrom pushbutton import task\nK = make()\n"
        "@task(dynamic=True)\ndef one(x: K): ...\n@task(tytle='x')\ndef two(): ...\n"
    )
    script(tmp_path / "a.sh", "echo")
    script(tmp_path / "b.sh")
    script(tmp_path / "b.pl", "#!/usr/bin/perl\n")
    found = [str(problem).removeprefix(f"{tmp_path}/") for problem in check([tmp_path, tmp_path / "gone"])]
    assert found == [
        "a.sh:1:1: Its first line must say which program runs it, such as #!/bin/sh.",
        "gone:1:1: There is no such file or folder.",
        "shop.py:5:9: warning: The type or default of “x” is only known when the file runs.",
        "shop.py:6:7: There is no option named “tytle” for a task. Did you mean “title”?",
    ]
    assert not (tmp_path / "ran").exists()


async def test_the_tour_is_whole():
    tasks = await read(ROOT / "examples" / "tour")
    assert await asyncio.to_thread(check, [ROOT / "examples" / "tour"]) == []
    assert [task.broken for task in tasks.values() if task.broken] == []
    assert {task.group for task in tasks.values()} == {"Data fixes", "Deployments", "Reports"}
    assert all(task.summary for task in tasks.values())


@pytest.mark.parametrize(
    ("name", "slug"), [("deploy_shop", "deploy-shop"), ("BackendProcess", "backend-process"), ("Größe 2", "groe-2")]
)
def test_a_slug_has_only_plain_letters(name: str, slug: str):
    assert slug_of(name) == slug
    assert slug_of("日本").startswith("task-")


def test_it_is_a_catalog_as_the_main_flow_needs_one():
    catalog: Catalog = PathCatalog([])
    assert catalog.tasks() == {}
