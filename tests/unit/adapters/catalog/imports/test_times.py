"""When another tool starts something, the schedule that is written is due at the same moments, or it is a comment."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.imports import Moved, Source, move
from pushbutton.adapters.catalog.model import Form, Found
from pushbutton.cli import commands
from pushbutton.domain.schedule import next_moments
from pushbutton.domain.task import Task

NOON = datetime(2026, 3, 26, 12, tzinfo=UTC)
"""A Thursday; three days later clocks are put forward in Vienna."""


def crontab(line: str, *before: str) -> str:
    return "\n".join([*before, f"{line} tidy", ""])


def rundeck(times: str, **more: Any) -> str:
    job = {"name": "Tidy", "sequence": {"commands": [{"exec": "tidy"}]}, "schedule": {"crontab": times}}
    return json.dumps([{**job, **more}])


def cronicle(timing: dict[str, list[int]], **more: Any) -> str:
    script = {"script": "#!/bin/sh\ntidy\n"}
    return json.dumps([{"title": "Tidy", "plugin": "shellplug", "params": script, "timing": timing, **more}])


def olivetin(*times: str, more: str = "") -> str:
    return f"actions:\n  - title: Tidy\n    shell: tidy\n    execOnCron: {json.dumps(times)}\n{more}"


def github(times: str, *, inputs: str = "", job: str = "", step: str = "") -> str:
    return (
        f"on:\n  schedule: [{{cron: {json.dumps(times)}}}]\n  workflow_dispatch:\n{inputs}"
        f"jobs:\n  tidy:\n    runs-on: any\n{job}    steps:\n      - run: tidy\n{step}"
    )


def jenkins(times: str, *, parameters: str = "", before: str = "") -> str:
    return (
        f"pipeline {{ agent any\n triggers {{ cron('''{times}''') }}\n {parameters}\n"
        f" stages {{ stage('a') {{ steps {{ {before}\n sh 'tidy' }} }} }} }}"
    )


def tasks_of(folder: Path, moved: Moved) -> list[Task]:
    path = folder / "pushbutton.yaml"
    path.write_text(moved.text, "utf-8")
    found = read_config(Found(path, Form.CONFIG))
    assert found.whole is None
    assert not [task.broken for task in found.tasks if task.broken]
    return list(found.tasks)


def due(task: Task, count: int) -> list[str]:
    """The next moments of its schedules, in UTC."""
    after = int(NOON.timestamp() * 1_000_000)
    found = sorted(moment for one in task.schedules for moment in next_moments(one, after, count))
    return [f"{datetime.fromtimestamp(moment / 1_000_000, UTC):%d %H:%M}" for moment in found[:count]]


VIENNA = "Europe/Vienna"
SAID = [
    ("crontab", crontab("15 3 * * 1-5", "CRON_TZ=UTC"), ["27 03:15", "30 03:15"]),
    ("crontab", crontab("15 3 * * mon-fri", f"CRON_TZ={VIENNA}"), ["27 02:15", "30 01:15"]),
    ("crontab", crontab("@daily", "CRON_TZ=UTC"), ["27 00:00", "28 00:00"]),
    ("crontab", crontab("@HOURLY", "CRON_TZ=UTC"), ["26 13:00", "26 14:00"]),
    ("crontab", crontab("@weekly", f"CRON_TZ={VIENNA}"), ["28 23:00", "04 22:00"]),
    ("crontab", crontab("0 6 28 * 5", "CRON_TZ=UTC"), ["27 06:00", "28 06:00"]),
    ("rundeck", rundeck("0 15 3 ? * 2-6 *", timeZone=VIENNA), ["27 02:15", "30 01:15"]),
    ("rundeck", rundeck("0 5/20 12 ? * * *", timeZone="UTC"), ["26 12:05", "26 12:25", "26 12:45", "27 12:05"]),
    ("rundeck", rundeck("00 0 1 ? * 1,7", timeZone="UTC"), ["28 01:00", "29 01:00"]),
    ("cronicle", cronicle({"minutes": [7, 37], "hours": [4]}, timezone=VIENNA), ["27 03:07", "27 03:37"]),
    ("cronicle", cronicle({"weekdays": [0], "hours": [5], "minutes": [0]}, timezone=VIENNA), ["29 03:00"]),
    ("olivetin", olivetin("TZ=UTC 0 4 * * *", "CRON_TZ=UTC 30 4 ? * 6"), ["27 04:00", "28 04:00", "28 04:30"]),
    ("github", github("15 3 * * 1-5"), ["27 03:15", "30 03:15"]),
    ("github", github("20/15 12 * * *"), ["26 12:20", "26 12:35", "26 12:50", "27 12:20"]),
    ("jenkins", jenkins(f"TZ={VIENNA}\n# at night\n0 4 * * 1-5"), ["27 03:00", "30 02:00"]),
]


@pytest.mark.parametrize(("kind", "text", "moments"), SAID)
def test_it_is_due_when_its_source_starts_it(kind: str, text: str, moments: list[str], tmp_path: Path) -> None:
    moved = move(kind, [Source("x", text)])
    (task,) = tasks_of(tmp_path, moved)
    assert due(task, len(moments)) == moments
    assert "# schedule:" not in moved.text
    assert not moved.left


def test_a_time_without_a_zone_is_one_of_the_server(tmp_path: Path) -> None:
    for kind, text in (
        ("crontab", crontab("15 3 * * *")),
        ("rundeck", rundeck("0 15 3 * * ?")),
        ("cronicle", cronicle({"minutes": [15], "hours": [3]})),
        ("olivetin", olivetin("15 3 * * *")),
        ("jenkins", jenkins("15 3 * * *")),
    ):
        moved = move(kind, [Source("x", text)])
        (task,) = tasks_of(tmp_path, moved)
        assert [one.cron for one in task.schedules] == ["15 3 * * *"]
        assert "zone" not in moved.text


NEEDS = "    inputs: {to: {required: true, type: string}}\n"
DEFAULT = "    inputs: {to: {default: all, type: string}}\n"
QUESTION = "    arguments: [{name: to, type: ascii, rejectNull: true}]\n"
UNSAID = [
    ("crontab", crontab("5~9 3 * * *"), "“5~9”"),
    ("crontab", crontab("5/15 3 * * *"), "“5/15”"),
    ("crontab", crontab("0 3 31 2 *"), "no such time"),
    ("crontab", crontab("@fortnightly"), "five fields"),
    ("crontab", crontab("0 3 * * *", "CRON_TZ=Europe/Wien"), "no time zone “Europe/Wien”"),
    ("rundeck", rundeck("30 15 3 ? * * *"), "no seconds"),
    ("rundeck", rundeck("0 15 3 ? * * 2027"), "no years"),
    ("rundeck", rundeck("0 15 3 L * ?"), "five fields"),
    ("rundeck", rundeck("0 15 3 ? * 6-2"), "no such time"),
    ("rundeck", rundeck("0 15 3 ? * 6/1"), "“5/1”"),
    ("rundeck", rundeck("0 15 3 * * ?", scheduleEnabled=False), "switched off"),
    ("rundeck", rundeck("0 15 3 * * ?", nodefilters={"filter": "till.*"}), "other nodes"),
    ("rundeck", rundeck("0 15 3 * * ?", options=[{"name": "to", "required": True}]), "“to”"),
    ("rundeck", rundeck("0 15 3 * * ?", options=[{"name": "to", "required": True, "type": "file"}]), "“to”"),
    ("cronicle", cronicle({"hours": [1], "years": [2027]}), "no years"),
    ("cronicle", cronicle({"hours": [1], "days": [1], "weekdays": [1]}), "both had to fit"),
    ("cronicle", cronicle({"hours": [1]}, enabled=0), "switched off"),
    ("cronicle", cronicle({"hours": [1]}, target="tills"), "other servers"),
    ("olivetin", olivetin("30 0 4 * * *"), "five fields"),
    ("olivetin", olivetin("@every 5m"), "five fields"),
    ("olivetin", olivetin("0 4 * * *", more=QUESTION), "“to”"),
    ("github", github("@daily"), "five fields"),
    ("github", github("0 4 * * *", inputs=NEEDS), "“to”"),
    ("github", github("0 4 * * *", inputs=DEFAULT), "no defaults"),
    ("github", github("0 4 * * *", job="    environment: live\n"), "say yes"),
    ("github", github("0 4 * * *", step="        if: github.event_name != 'schedule'\n"), "event_name"),
    ("jenkins", jenkins("H 4 * * *"), "only Jenkins"),
    ("jenkins", jenkins("@daily"), "only Jenkins"),
    ("jenkins", jenkins("0 4 1 * 1"), "both had to fit"),
    ("jenkins", jenkins("0 4 * * *", before="input 'Go on?'"), "middle of a run"),
]


@pytest.mark.parametrize(("kind", "text", "why"), UNSAID)
def test_what_no_schedule_can_say_is_a_comment_with_the_reason(kind: str, text: str, why: str, tmp_path: Path) -> None:
    moved = move(kind, [Source("x", text)])
    (task,) = tasks_of(tmp_path, moved)
    assert not task.schedules
    (comment,) = re.findall(r"# schedule: (.*)", moved.text)
    assert why in comment
    (told,) = [one for one in moved.left if "is not pressed by itself" in one.what]
    assert why in told.what
    assert ".." not in told.what
    assert moved.warning == ""


def test_one_task_that_cannot_be_pressed_by_itself_leaves_the_schedules_of_the_others(tmp_path: Path) -> None:
    text = olivetin("0 4 * * *", more=QUESTION) + "  - title: Count\n    shell: count\n    execOnCron: 0 5 * * *\n"
    tidy, count = tasks_of(tmp_path, move("olivetin", [Source("x", text)]))
    assert not tidy.schedules
    assert [one.cron for one in count.schedules] == ["0 5 * * *"]


@pytest.mark.parametrize(("catch_up", "ours"), [(0, "none"), (1, "all")])
def test_what_is_missed_is_made_up_for_where_it_was(catch_up: int, ours: str, tmp_path: Path) -> None:
    moved = move("cronicle", [Source("x", cronicle({"minutes": [0]}, catch_up=catch_up))])
    assert [one.catch_up for one in tasks_of(tmp_path, moved)[0].schedules] == [ours]


def test_tz_of_a_crontab_is_told(tmp_path: Path) -> None:
    moved = move("crontab", [Source("x", crontab("0 4 * * *", f"TZ={VIENNA}"))])
    (task,) = tasks_of(tmp_path, moved)
    assert len(task.schedules) == 1
    assert "zone:" not in moved.text
    assert task.env["TZ"] == VIENNA
    assert [(one.line, f"zone: {VIENNA}" in one.do) for one in moved.left] == [(1, True)]


def test_that_it_will_press_by_itself_is_said_before_all_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "switch the source off first, or start with: pushbutton schedule pause all"
    for line, warned in (("0 4 * * *", True), ("@reboot", False)):
        (tmp_path / "table").write_text(crontab(line, "MAILTO=ida"))
        assert commands.run(["import", "crontab", str(tmp_path / "table")]) == 0
        out, err = capsys.readouterr()
        assert (said in out.splitlines()[1], said in err.splitlines()[0]) == (warned, warned)
