"""A run that waits for an approval over an upgrade is the same task afterwards."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from pushbutton.domain.approval import Approval
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.run import Busy
from pushbutton.domain.targets import Arguments, CommandTarget, PythonTarget, ScriptTarget, Target
from pushbutton.domain.task import Background, Limits, Reason, Source, Task
from pushbutton.runtime.task_digest import frozen, pressed_as

PARAMS = (
    Param("where", ParamType.CHOICE, choices=(Choice("blue", "Blue", "The old one."), Choice("green"))),
    Param("count", ParamType.INT, required=False, default=2, min=1, max=8, when={"where": ["blue"]}),
    Param("whom", ParamType.CHOICE, choices=(Choice("now"),), choices_from=("/bin/ls", "/srv")),
)
TARGETS: dict[str, Target] = {
    "command": CommandTarget(("/nowhere/deploy", "--to={where}")),
    "script": ScriptTarget("/nowhere/deploy.sh", {"count": "option"}, "#!/bin/sh", Arguments.READ),
    "python": PythonTarget("/nowhere/deploy.py", "deploy", logging=True),
}


def plain(kind: str) -> Task:
    return Task("deploy", "Deploy", TARGETS[kind], Source("/nowhere/deploy", 3), cwd="/nowhere")


def full(kind: str) -> Task:
    return replace(
        plain(kind),
        help="Puts it there.",
        group="Shop",
        button="Deploy to {where}",
        confirm="Sure?",
        params=PARAMS,
        reason=Reason.REQUIRED,
        dry_run="",
        approval=Approval(2, 48.0),
        env={"LANG": "C"},
        named_secrets={"KEY": "API_KEY"},
        tty=(24, 80),
        limits=Limits(60.0, 5.0, 1.0, 1000, 2, Busy.SKIP, Background.LEAVE),
        digest="abc",
    )


RELEASED = {
    "plain command": "1eb595828bd3a665aaf5d0f4e5c0360639890a55ef5cbc0fed446b8c0bf01fdc",
    "full command": "f8dd819f850df9b1ae444876524dfeb79dd785338ad7ea31436b847c01a999ec",
    "plain script": "ca4155a23b4bcbe78a007a4ee9c4b019dc7416c461767f063df57d21214b2798",
    "full script": "1006af34a8fd160b694718c37205cd0e1dec1c322ad24ab7501cbb2dc86a99b4",
    "plain python": "d0da25f202b4cf00f0d99e460605f9ca5f38a53491f93da22d05b3848247dcf1",
    "full python": "f9222e8d2a9bd2f8e9448329109546e20af372b51340214b26a631b69a8ea603",
}
"""As release 0.2.0 hashed them."""


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("make", [plain, full])
async def test_a_task_that_says_nothing_new_has_the_hash_that_an_older_release_gave_it(make, kind):
    assert await frozen(make(kind)) == RELEASED[f"{make.__name__} {kind}"]


@pytest.mark.parametrize(
    "change",
    [
        {"contact": "ada@example.org"},
        {"on_failure": "The tills stand still."},
        {"results": ("/nowhere/out",)},
        {"encoding": "cp1252"},
        {"env": {"LANG": "en"}},
        {"limits": Limits(grace=11.0)},
        {"params": (replace(PARAMS[0], pattern_text="A word."), *PARAMS[1:])},
        {"params": (replace(PARAMS[0], example="2.14"), *PARAMS[1:])},
        {"params": (PARAMS[0], replace(PARAMS[1], controls=True), PARAMS[2])},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_whatever_else_it_says_is_part_of_the_hash(change):
    assert await frozen(replace(full("command"), **change)) != await frozen(full("command"))


async def test_what_a_run_was_pressed_as_is_the_same_hash_that_approvals_go_by(tmp_path, monkeypatch):
    monkeypatch.setattr("pushbutton.runtime.task_digest.FRESH", -1)
    task = replace(plain("script"), target=ScriptTarget(str(tmp_path / "a.sh")))
    hashes = []
    for text in ("one", "two", "one"):
        (tmp_path / "a.sh").write_text(text)
        hashes.append(await pressed_as(task))
        assert hashes[-1] == await frozen(task)
    assert hashes[0] == hashes[2] != hashes[1]


async def test_another_declaration_counts_at_once(tmp_path):
    task = replace(plain("script"), target=ScriptTarget(str(tmp_path / "a.sh")))
    changed = replace(task, title="Another")
    assert await pressed_as(task) == await frozen(task) != await pressed_as(changed) == await frozen(changed)


async def test_a_disk_that_does_not_answer_holds_up_no_press(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "a.sh")  # whoever opens it waits for a writer
    monkeypatch.setattr("pushbutton.runtime.task_digest.PATIENCE", 0.05)
    assert await pressed_as(replace(plain("script"), target=ScriptTarget(str(tmp_path / "a.sh")))) == ""
    with (tmp_path / "a.sh").open("w"):  # let the thread go
        pass


@pytest.mark.parametrize("word", ["x" * 300, "a/" * 3000, "no\0file", "half\ud800"])
async def test_a_word_that_no_file_can_be_called_is_none(tmp_path, word):
    task = replace(plain("command"), target=CommandTarget(("/bin/echo", word)), cwd=str(tmp_path))
    assert await pressed_as(task) == await frozen(task) != ""
