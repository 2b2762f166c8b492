"""Cronicle's events become tasks that run their scripts, and feed their plugins, as it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pushbutton.domain.param import ParamType
from tests.acceptance.imported import HOSTILE, Imported

SCRIPT = """#!/usr/bin/env bash
set -u
till weigh '{"a": "'$JOB_ID'"}' "it's" `echo x` {1,2} "$0"
"""
PYTHON = '#!/usr/bin/python3\nimport os, subprocess\nsubprocess.run(["till", "say \\"{}\\""], check=True)\n'
EVENTS: list[dict[str, Any]] = [
    {
        "id": "e1", "title": "Weigh it", "enabled": 1, "category": "c1", "plugin": "shellplug", "timeout": 900,
        "timezone": "Europe/Vienna", "timing": {"minutes": [7, 37], "hours": [4, 5], "weekdays": [1, 5]},
        "params": {"script": SCRIPT, "annotate": 1, "json": 0}, "max_children": 1, "queue": 0, "retries": 2,
        "target": "allgrp", "notify_fail": "a@example.org", "memory_limit": 0, "notes": "Loose cable.",
    },
    {
        "title": "Order it", "enabled": 0, "category": "general", "plugin": "p1", "timing": False, "target": "mill",
        "params": {"tons": "4", "rush": 1, "route": "r7"}, "max_children": 0, "timeout": 0,
    },
    {"title": "Say it", "plugin": "shellplug", "params": {"script": PYTHON, "json": 1}, "max_children": 3, "queue": 1},
    {"title": "Lua", "plugin": "shellplug", "params": {"script": "#!/usr/bin/awk -f\n"}},
    {"title": "Far", "plugin": "urlplug", "params": {}},
]  # fmt: skip
PLUGIN = {
    "id": "p1", "title": "Order flour", "command": "till 'order now' --wire", "uid": "mill", "params": [
        {"id": "tons", "type": "text", "title": "How many", "value": "2"},
        {"id": "rush", "type": "checkbox", "title": "At once", "value": 0},
        {"id": "kind", "type": "select", "title": "Kind", "items": ["Rye", "Wheat"], "value": "Wheat"},
        {"id": "path", "type": "textarea", "title": "Where"},
        {"id": "route", "type": "hidden", "value": "r1"},
    ],
}  # fmt: skip
FILES = {"events.json": json.dumps(EVENTS, indent=1), "plugins.json": json.dumps({"rows": [PLUGIN]})}


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imported:
    return Imported(tmp_path, monkeypatch, "cronicle", FILES, ["till"])


async def test_a_script_runs_by_the_interpreter_that_it_names(moved: Imported) -> None:
    async with moved.app() as app:
        (call,) = await moved.press(app, "weigh-it")
        number = call.env["PUSHBUTTON_RUN"]
        assert call.argv == ["till", "weigh", f'{{"a": "{number}"}}', "it's", "x", "1", "2", "Weigh it"]
        (call,) = await moved.press(app, "say-it")
        assert call.argv == ["till", 'say "{}"']


async def test_a_plugin_finds_its_params_as_json_and_in_its_environment(moved: Imported) -> None:
    async with moved.app() as app:
        (call,) = await moved.press(app, "order-it")
        assert call.argv == ["till", "order now", "--wire"]
        wanted = {"tons": "4", "rush": 1, "kind": "Wheat", "path": "", "route": "r7"}
        assert json.loads(call.stdin) == {"params": wanted, "event_title": "Order it"}
        assert (call.env["TONS"], call.env["KIND"], call.env["ROUTE"]) == ("4", "Wheat", "r7")
        for value in HOSTILE:
            (call,) = await moved.press(app, "order-it", tons=value, rush=False, kind="Rye", input_path=f"{value}\n2")
            wanted = {"tons": value, "rush": 0, "kind": "Rye", "path": f"{value}\n2", "route": "r7"}
            assert json.loads(call.stdin)["params"] == wanted
            assert call.env["TONS"] == value


def test_what_is_asked_is_what_was_asked_there(moved: Imported) -> None:
    assert list(moved.tasks) == ["weigh-it", "order-it", "say-it"]
    weigh, order, say = moved.tasks.values()
    assert (weigh.group, weigh.help, weigh.limits.timeout, weigh.limits.busy) == ("c1", "Loose cable.", 900, "skip")
    assert (order.group, order.limits.timeout, order.limits.at_once) == ("", None, 20)
    assert (say.limits.at_once, say.limits.busy) == (3, "queue")
    assert [(param.type, param.title) for param in order.params] == [
        (ParamType.STR, "How many"), (ParamType.BOOL, "At once"), (ParamType.CHOICE, "Kind"), (ParamType.STR, "Where"),
    ]  # fmt: skip
    assert "schedules: [{cron: '7,37 4,5 * * 1,5', zone: Europe/Vienna, catch_up: none}]" in moved.moved.text


def test_what_was_not_taken_is_told_with_its_line(moved: Imported) -> None:
    lines = {name: text.split("\n") for name, text in FILES.items()}
    told = {(lines[one.file][one.line - 1].strip(), one.what) for one in moved.left}

    def said(line: str, what: str) -> bool:
        return any(line in found and what in sentence for found, sentence in told)

    assert said('"retries": 2', "not tried again")
    assert said('"notify_fail"', "Nobody gets mail")
    assert not said('"memory_limit"', "")
    assert said('"enabled": 0', "“Order it” was switched off")
    assert said('"target": "mill"', "ran on mill")
    assert said('"plugin": "p1"', "ran as mill")
    assert said('"plugin": "p1"', "$INPUT_PATH")
    assert said('"script"', "$JOB_ID")
    assert said('"script"', "in JSON is not read")
    assert said('"script"', "“Lua” is left out: nobody knows")
    assert said('"plugin": "urlplug"', "“Far” is left out: nothing says what its plugin")


def test_its_own_export_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "# Cronicle Data Export v1.0",
        "global/categories - " + json.dumps({"type": "list", "length": 1}),
        "global/categories/0 - " + json.dumps({"items": [{"id": "c1", "title": "Silos"}]}),
        "global/plugins/0 - " + json.dumps({"items": [PLUGIN]}),
        "global/schedule/0 - " + json.dumps({"items": EVENTS}),
        "",
    ]
    moved = Imported(tmp_path, monkeypatch, "cronicle", "\n".join(lines), ["till"])
    assert list(moved.tasks) == ["weigh-it", "order-it", "say-it"]
    assert moved.tasks["weigh-it"].group == "Silos"
    assert {one.line for one in moved.left} == {5}


def test_a_plugin_alone_is_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Imported(tmp_path, monkeypatch, "cronicle", json.dumps(PLUGIN), ["till"])
    assert list(moved.tasks) == ["order-flour"]
    assert moved.tasks["order-flour"].params[0].default == "2"
