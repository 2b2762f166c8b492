"""How secrets are declared and named, and what is said when that cannot work."""

# ruff: noqa: E501 - a sentence that is tested stands on one line

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from ruamel.yaml import YAML

from pushbutton import secret
from pushbutton.adapters.catalog import PathCatalog, check, config_schema
from pushbutton.domain.command import build
from pushbutton.domain.secret import FromCommand, FromEnvironment, FromFile, FromKeyring, Secret, Stored
from pushbutton.domain.task import Task

DECLARED = """
secrets:
  A: {env: OF_THE_SERVER}
  B: {file: keys/b.txt}
  C: {command: [pass, show, 7], timeout: 5 s}
  D: {keyring: {service: orders, user: me}}
  E: {stored: true}
"""


def config(folder: Path, text: str, name: str = "pushbutton.yaml") -> Path:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder


async def read(folder: Path, kept: Collection[str] = ()) -> tuple[Mapping[str, Task], Mapping[str, Secret]]:
    catalog = PathCatalog([folder], stored=lambda: kept)
    await catalog.open()
    try:
        return catalog.tasks(), catalog.secrets()
    finally:
        await catalog.close()


def problems(folder: Path) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in check([folder])]


async def test_each_source_can_be_declared(tmp_path):
    _, secrets = await read(config(tmp_path, DECLARED))
    assert {name: one.origin for name, one in secrets.items()} == {
        "A": FromEnvironment("OF_THE_SERVER"),
        "B": FromFile(str(tmp_path / "keys/b.txt")),
        "C": FromCommand(("pass", "show", "7"), str(tmp_path), 5),
        "D": FromKeyring("orders", "me"),
        "E": Stored(),
    }
    assert secrets["B"].source.line == 4
    assert await asyncio.to_thread(problems, tmp_path) == []


def test_what_can_be_declared_fits_the_published_schema():
    jsonschema.validate(YAML(typ="safe").load(DECLARED), config_schema())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A: {}", "3:3: It says nowhere where the value comes from: give one of env, file, command, keyring, stored."),
        ("A: {env: X, file: y}", "3:3: It says 2 times where the value comes from: give one of env, file, command, keyring, stored."),
        ("A: {evn: X}", "3:7: There is no key “evn” here. Did you mean “env”?"),
        ("A: text", "3:3: “A” must be a table of keys and values."),
        ("A: {env: 3}", "3:7: “env” must be text; put it in quotes."),
        ("A: {stored: false}", "3:7: “stored” must be true."),
        ("A: {keyring: orders}", "3:7: “keyring” must be a table with “service” and “user”, both texts."),
        ("A: {command: pass show x}", "3:7: “command” must be a list, one item per argument: nothing passes through a shell."),
        ("A: {env: X, timeout: 3}", "3:15: Only a “command” has a “timeout”."),
        ("A-B: {env: X}", "3:3: “A-B” cannot be the name of a secret: use letters, digits and “_”, as for a variable."),
        ("PUSHBUTTON_TOKEN: {env: X}", "3:3: “PUSHBUTTON_TOKEN” cannot be the name of a secret: use letters, digits and “_”, as for a variable."),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(tmp_path, line, said):
    assert problems(config(tmp_path, f"# secrets\nsecrets:\n  {line}\n")) == [f"pushbutton.yaml:{said}"]


@pytest.mark.parametrize(
    "line", ["A: {}", "A: {env: X, file: y}", "A: {evn: X}", "A: {stored: false}", "A-B: {env: X}"]
)
def test_a_mistake_fits_no_schema(line):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(YAML(typ="safe").load(f"secrets:\n  {line}\n"), config_schema())


async def test_a_task_that_needs_what_is_declared_wrongly_is_broken_and_no_other(tmp_path):
    text = "secrets:\n  A: {}\ntasks:\n  one: {command: [env], secrets: [A]}\n  two: {command: [env]}\n"
    tasks, _ = await read(config(tmp_path, text))
    assert tasks["one"].broken.startswith("pushbutton.yaml line 4: The secret “A” is declared wrongly. It says nowhere")
    assert tasks["two"].broken == ""


YAML_TASK = "tasks:\n  job:\n    command: [env]\n    secrets: {0}\n"
HEAD = "#!/bin/sh\n# /// pushbutton\n# secrets = {0}\n# ///\n"
PYTHON = "from pushbutton import secret, task\n\n@task(secrets={0})\ndef job():\n    secret('A')\n"


def written(folder: Path, form: str, value: str) -> Path:
    name = {YAML_TASK: "pushbutton.yaml", HEAD: "job.sh", PYTHON: "job.py"}[form]
    config(folder, form.replace("{0}", value), name)
    if form is HEAD:
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("form", [YAML_TASK, HEAD, PYTHON], ids=["yaml", "head", "python"])
class TestEachForm:
    async def test_a_task_names_what_it_needs(self, tmp_path, form):
        tasks, _ = await read(written(tmp_path, form, '["A", "B"]'), ["A", "B"])
        assert tasks["job"].broken == ""
        assert tasks["job"].secret_names == ("A", "B")
        order = build(tasks["job"], {}, python="python", secrets={"A": "value a", "B": "value b"})
        assert order.env == {"A": "value a", "B": "value b"}
        assert "value" not in repr(order)
        assert "value" not in "".join(order.argv)

    async def test_it_can_find_one_under_another_name(self, tmp_path, form):
        table = '{"A": "PGPASSWORD"}' if form is not HEAD else '{A = "PGPASSWORD"}'
        tasks, _ = await read(written(tmp_path, form, table), ["A"])
        assert tasks["job"].secret_names == ("A",)
        assert build(tasks["job"], {}, python="python", secrets={"A": "value a"}).env == {"PGPASSWORD": "value a"}

    async def test_one_that_nobody_can_give_breaks_it_with_its_place(self, tmp_path, form):
        tasks, _ = await read(written(tmp_path, form, '["DB_PASWORD"]'), ["DB_PASSWORD"])
        assert tasks["job"].broken.partition(": ")[2] == (
            "There is no secret named “DB_PASWORD”; keep it with: pushbutton secret set DB_PASWORD. Did you mean “DB_PASSWORD”?"
        )
        assert tasks["job"].broken.startswith(f"{Path(tasks['job'].source.file).name} line {tasks['job'].source.line}:")

    def test_what_only_the_server_can_know_is_a_warning_of_check(self, tmp_path, form):
        (said,) = problems(written(tmp_path, form, '["A"]'))
        assert said.endswith(
            "warning: No file here declares the secret “A”, so it must be kept: pushbutton secret set A"
        )

    @pytest.mark.parametrize("value", ['"A"', "[3]", '["A B"]', '["PUSHBUTTON_TOKEN"]'])
    def test_what_cannot_be_a_name_is_refused(self, tmp_path, form, value):
        (said,) = problems(written(tmp_path, form, value))
        assert "secrets" in said
        assert "warning" not in said


def test_two_secrets_in_one_variable_are_refused(tmp_path):
    (said,) = problems(written(tmp_path, YAML_TASK, "{A: X, B: X}"))
    assert said == "pushbutton.yaml:4:5: “secrets” must be a table in which each secret has a variable of its own."


@pytest.mark.parametrize(("more", "other"), [("env: {A: x}", "“env”"), ("params: {a: {}}", "the input “a”")])
def test_a_variable_that_is_set_twice_is_refused(tmp_path, more, other):
    said = problems(config(tmp_path, YAML_TASK.replace("{0}", "[A]") + f"    {more}\n"))
    assert f"pushbutton.yaml:4:5: The secret “A” and {other} would both be $A: give one another name." in said


async def test_a_secret_that_two_files_declare_differently_breaks_who_needs_it(tmp_path):
    config(tmp_path, "secrets:\n  A: {env: X}\n  B: {env: X}\n" + YAML_TASK.replace("{0}", "[A]"))
    config(tmp_path, "secrets:\n  A: {env: Y}\n  B: {env: X}\n", "more/pushbutton.yaml")
    tasks, secrets = await read(tmp_path)
    sentence = f"{tmp_path}/pushbutton.yaml line 2 and {tmp_path}/more/pushbutton.yaml line 2 each declare it: leave one of them."
    assert tasks["job"].broken.endswith(sentence)
    assert secrets["B"].broken == ""
    assert await asyncio.to_thread(problems, tmp_path) == [f"pushbutton.yaml:2:1: “A”: {sentence}"]


async def test_a_secret_that_is_kept_meanwhile_mends_the_task(tmp_path):
    kept: list[str] = []
    changed = asyncio.Event()
    catalog = PathCatalog([written(tmp_path, YAML_TASK, "[A]")], changed.set, stored=lambda: list(kept))
    await catalog.open()
    try:
        assert "no secret named “A”" in catalog.task("job").broken
        changed.clear()
        kept.append("A")
        async with asyncio.timeout(60):
            await changed.wait()
        assert catalog.task("job").broken == ""
    finally:
        await catalog.close()


async def test_a_file_that_is_broken_for_a_moment_keeps_its_declarations(tmp_path):
    config(tmp_path, "secrets:\n  A: {env: X}\n")
    written(tmp_path, HEAD, '["A"]')
    changed = asyncio.Event()
    catalog = PathCatalog([tmp_path], changed.set, stored=list)
    await catalog.open()
    try:
        config(tmp_path, "secrets: {")
        async with asyncio.timeout(60):
            while "pushbutton" not in catalog.tasks():  # the broken file as such
                changed.clear()
                await changed.wait()
        assert catalog.task("job").broken == ""
    finally:
        await catalog.close()


def test_a_python_job_reads_its_variable(monkeypatch):
    monkeypatch.setenv("A_SECRET", "value")
    assert secret("A_SECRET") == "value"
    with pytest.raises(LookupError, match="There is no secret “ANOTHER” here: name it in the task’s “secrets”"):
        secret("ANOTHER")
