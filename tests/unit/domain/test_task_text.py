"""A declaration as text: everything that matters, nothing that is secret, and a diff that a person can read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.targets import CommandTarget, PythonTarget
from pushbutton.domain.task import Limits, Reason, Source, Task
from pushbutton.domain.task_text import diff, digest, text

KEY = b"k"
TASK = Task(
    "deploy",
    "Deploy",
    CommandTarget(("deploy.sh", "{where}", "--yes")),
    Source("/srv/pushbutton.yaml", 7),
    params=(
        Param("where", ParamType.CHOICE, choices=(Choice("test"), Choice("live", "Live"))),
        Param("password", ParamType.SECRET, default="hunter2"),
    ),
    env={"API_KEY": "s3cret", "LANG": "C"},
    digest="abc",
)


def test_it_is_one_fact_a_line_without_what_is_so_by_default():
    lines = text(TASK, KEY).splitlines()
    assert lines[:5] == [
        'slug: "deploy"',
        'title: "Deploy"',
        'target.kind: "CommandTarget"',
        'target.argv: ["deploy.sh", "{where}", "--yes"]',
        'source.file: "/srv/pushbutton.yaml"',
    ]
    assert 'params.where.choices.live.label: "Live"' in lines
    assert not any("timeout" in line or "line" in line for line in lines)


def test_no_value_of_the_environment_and_no_secret_default_stands_in_it():
    said = text(TASK, KEY)
    assert "s3cret" not in said
    assert "hunter2" not in said
    assert text(TASK, KEY) != text(replace(TASK, env={"API_KEY": "other", "LANG": "C"}), KEY)
    assert text(TASK, KEY) != text(TASK, b"another key")  # nobody can look a guess up


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Deploy it"},
        {"target": CommandTarget(("deploy.sh", "{where}"))},
        {"confirm": "Sure?"},
        {"reason": Reason.REQUIRED},
        {"limits": Limits(timeout=60)},
        {"params": TASK.params[:1]},
        {"params": TASK.params[::-1]},
        {"params": (replace(TASK.params[0], required=False), TASK.params[1])},
        {"env": {"API_KEY": "s3cret"}},
        {"broken": "pushbutton.yaml:7: there is no such key."},
        {"source": Source("/srv/other.yaml", 7)},
    ],
)
def test_every_change_of_it_shows(change):
    after = replace(TASK, **change)
    assert digest(text(after, KEY)) != digest(text(TASK, KEY))
    assert diff(text(TASK, KEY), text(after, KEY))


def test_what_stands_above_it_in_the_file_is_no_change():
    assert text(replace(TASK, source=Source("/srv/pushbutton.yaml", 9), digest="def"), KEY) == text(TASK, KEY)


def test_of_a_script_or_function_the_file_itself_counts():
    job = replace(TASK, target=PythonTarget("/srv/deploy.py", "deploy"))
    assert diff(text(job, KEY), text(replace(job, digest="def"), KEY)).splitlines()[-2:] == [
        '-digest: "abc"',
        '+digest: "def"',
    ]


def test_the_diff_holds_what_went_and_what_came():
    after = replace(TASK, title="Deploy it")
    assert diff(text(TASK, KEY), text(after, KEY)).splitlines() == [
        "@@ -1,3 +1,3 @@",
        ' slug: "deploy"',
        '-title: "Deploy"',
        '+title: "Deploy it"',
        ' target.kind: "CommandTarget"',
    ]


def test_nobody_forges_a_line_with_a_line_break():
    for end in ("\n", "\r", "\u2028", "\x85", "\x0b"):
        after = text(replace(TASK, title=f'x"{end}target.argv: ["rm"]'), KEY)
        assert after.count("\n") == text(TASK, KEY).count("\n")
        assert [line[:7] for line in diff(text(TASK, KEY), after).split("\n")][2:4] == ["-title:", "+title:"]
