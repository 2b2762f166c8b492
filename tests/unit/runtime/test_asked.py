"""What is asked before a press: inputs that depend on others, a reason that must be given, dry runs."""

from pathlib import Path

import pytest

from pushbutton.app import RunHandle
from pushbutton.domain.actor import LOCAL
from pushbutton.domain.inputs import applies, parse
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.errors import InvalidInputs
from pushbutton.runtime.press import press
from pushbutton.testing import opened

WHERE = Param("where", ParamType.CHOICE, choices=(Choice("test"), Choice("live")))
APPROVER = Param("approver", ParamType.STR, when={"where": ["live"]})
PYTHON = """
from typing import Annotated, Literal
from pushbutton import Field, task

@task(reason="required")
def deploy(*, approver: Annotated[str, Field(when={"where": "live"})], where: Literal["test", "live"] = "test",
           dry_run: bool = False) -> str:
    return f"{where} {approver}"
"""
YAML = """
tasks:
  deploy:
    command: [echo, "{where}", "{approver}"]
    reason: required
    params:
      where: {choices: [test, live], default: test}
      approver: {when: {where: live}}
      dry_run: {type: bool}
"""
HEAD = """#!/bin/sh
# /// pushbutton
# reason = "required"
# [params.where]
# choices = ["test", "live"]
# default = "test"
# [params.approver]
# when = { where = "live" }
# [params.dry_run]
# type = "bool"
# ///
"""


def sent(raw: dict[str, object], *params: Param) -> dict[str, object]:
    return dict(parse(params or (WHERE, APPROVER), raw))


def test_an_input_is_required_only_while_it_is_asked() -> None:
    assert sent({"where": "test"}) == {"where": "test"}
    with pytest.raises(InvalidInputs) as caught:
        sent({"where": "live"})
    assert caught.value.fields == {"approver": "Fill this in."}


def test_what_is_sent_for_an_input_that_is_not_asked_is_dropped() -> None:
    assert sent({"where": "test", "approver": "me"}) == {"where": "test"}


def test_the_other_input_may_stand_behind_it() -> None:
    assert list(sent({"where": "live", "approver": "me"}, APPROVER, WHERE)) == ["approver", "where"]


def test_nothing_is_said_of_an_input_while_the_one_it_depends_on_is_wrong() -> None:
    with pytest.raises(InvalidInputs) as caught:
        sent({"where": "moon"})
    assert list(caught.value.fields) == ["where"]


def test_one_that_depends_on_one_that_is_not_asked_is_not_asked() -> None:
    note = Param("note", ParamType.STR, when={"approver": ["me"]})
    assert sent({"where": "test", "approver": "me", "note": "x"}, WHERE, APPROVER, note) == {"where": "test"}


@pytest.mark.parametrize(("value", "asked"), [(["a", "b"], True), (["b"], False), ("a", True), (1, False)])
def test_of_several_choices_one_is_enough(value: object, asked: bool) -> None:
    assert applies(Param("x", ParamType.STR, when={"rooms": ["a"]}), {"rooms": value}) is asked  # type: ignore[dict-item]


def test_true_is_not_one() -> None:
    assert not applies(Param("x", ParamType.STR, when={"n": [True]}), {"n": 1})


@pytest.mark.parametrize(("name", "text"), [("tasks.py", PYTHON), ("pushbutton.yaml", YAML), ("deploy.sh", HEAD)])
async def test_every_way_to_declare_a_task_can_say_it(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / name).chmod(0o755 if name.endswith(".sh") else 0o644)
    async with opened(tmp_path) as app:
        (task,) = (await app.open()).catalog.tasks().values()
        assert (task.broken, task.reason, task.dry_run) == ("", "required", "dry_run")
        assert {param.name: dict(param.when) for param in task.params if param.when} == {
            "approver": {"where": ["live"]}
        }


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ("b: int = 2, *, a: Annotated[str, Field(when={'b': 'x'})]", "“when” of “a” cannot be: Write a whole number"),
        ("*, a: Annotated[str, Field(when={'c': 'x'})], bc: int = 2", "“when” of “a” names “c”, and there is no such"),
        ("*, a: Annotated[str, Field(when={'b': 'x'})], b: Annotated[str, Field(when={'a': 'x'})]", "waits for itself"),
    ],
)
async def test_a_condition_that_cannot_be_is_told(tmp_path: Path, params: str, sentence: str) -> None:
    (tmp_path / "tasks.py").write_text(PYTHON.partition("@task")[0] + f"@task\ndef deploy({params}): ...\n")
    async with opened(tmp_path / "tasks.py") as app:
        assert sentence in (await app.open()).catalog.task("deploy").broken


@pytest.mark.parametrize(
    ("option", "dry_run", "broken"),
    [("False", "", ""), ("'rehearsal'", "rehearsal", ""), ("'nothing'", "nothing", "there is no such input")],
)
async def test_the_dry_run_is_named_or_taken_by_its_name(
    tmp_path: Path, option: str, dry_run: str, broken: str
) -> None:
    text = PYTHON.replace('reason="required"', f"dry_run={option}").replace(
        "dry_run: bool", "rehearsal: bool = True, dry_run: bool"
    )
    (tmp_path / "tasks.py").write_text(text)
    async with opened(tmp_path / "tasks.py") as app:
        task = (await app.open()).catalog.task("deploy")
        assert task.dry_run == dry_run
        assert broken in task.broken
        assert bool(task.broken) is bool(broken)


async def test_a_press_without_a_reason_is_refused_with_all_else_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(PYTHON)
    async with opened(tmp_path / "tasks.py") as app:
        core = await app.open()
        with pytest.raises(InvalidInputs) as caught:
            await press(core, LOCAL, "deploy", {"where": "live"}, why="  ")
        assert caught.value.fields == {"why": "Say why: it is shown in the history.", "approver": "Fill this in."}
        assert await core.store.counts() == {}
        pressed = await press(core, LOCAL, "deploy", {}, why="Because")
        assert (await RunHandle(core, pressed.run, made=True).finished()).why == "Because"


async def test_a_function_gets_none_for_what_was_not_asked(tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(PYTHON.replace('(reason="required")', ""))
    async with opened(tmp_path / "tasks.py") as app:
        run = await app.press("deploy", approver="me")
        assert (await run.finished()).status == "test None"
