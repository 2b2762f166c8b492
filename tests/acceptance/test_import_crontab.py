"""A crontab becomes tasks that do what cron would have done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pushbutton.adapters.catalog.imports import Source, move
from pushbutton.errors import ConfigError
from tests.acceptance.imported import Imported

TABLE = r"""
# Of the tills. Talk to Ole first.
SHELL = /bin/bash
MAILTO="shop@example.org"
PATH = {bin}:/usr/bin:/bin
GREETING='good   day'
CRON_TZ=Europe/Vienna

# Count the drawers
# Twice in a working day.
10,40 6-8 * * mon-fri   count drawers --at "$GREETING" $((1+2)) >> $HOME/count.log 2>&1
#5 4 * * *  count drawers
0 2 1 jan *  [[ -d $HOME ]] && keep tills-$(printf \%s 7) {{a,b}} 100\%
@reboot  sleep 0; keep awake
*/15 * * * *  flock -n $HOME/lock nice -n 5 fetch "two words" | logger -t tills
5 7 * * 0  post -s "week"%Good day,%EOF%the list: 100\% $HOME
MAILTO=""
RANDOM_DELAY=5
what is this
@daily count all
"""
SYSTEM = """
TILL=7
0 5 * * 1  root  [ -x /bin/sh ] && keep $TILL
@hourly    shop  keep 'a b'
"""
PROGRAMS = ("count", "keep", "fetch", "logger", "post")


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imported:
    text = TABLE.replace("{{", "{").replace("}}", "}").replace("{bin}", str(tmp_path / "bin"))
    return Imported(tmp_path, monkeypatch, "crontab", text, PROGRAMS)


async def test_each_line_of_a_crontab_does_what_cron_would_have_done(moved: Imported) -> None:
    async with moved.app() as app:
        (count,) = await moved.press(app, "count-drawers")
        assert count.argv == ["count", "drawers", "--at", "good   day", "3"]
        assert count.cwd == str(moved.folder)
        (keep,) = await moved.press(app, "keep")
        assert keep.argv == ["keep", "tills-7", "a", "b", "100%"]
        (awake,) = await moved.press(app, "keep-awake")
        assert awake.argv == ["keep", "awake"]
        calls = {call.argv[0]: call for call in await moved.press(app, "fetch")}
        assert calls["fetch"].argv == ["fetch", "two words"]
        assert calls["logger"].argv == ["logger", "-t", "tills"]
        (post,) = await moved.press(app, "post")
        assert post.argv == ["post", "-s", "week"]
        assert post.stdin == "Good day,\nEOF\nthe list: 100% $HOME\n"
        (every,) = await moved.press(app, "count-all")
        assert every.env["GREETING"] == "good   day"
    assert moved.tasks["fetch"].limits.busy == "skip"
    assert moved.tasks["count-drawers"].title == "Count the drawers"
    assert moved.tasks["count-drawers"].help == "Twice in a working day."


def test_it_is_pressed_when_cron_started_it(moved: Imported) -> None:
    found = [(one.cron, one.zone) for task in moved.tasks.values() for one in task.schedules]
    times = ("10,40 6-8 * * mon-fri", "0 2 1 jan *", "*/15 * * * *", "5 7 * * 0", "0 0 * * *")
    assert found == [(one, "Europe/Vienna") for one in times]
    assert re.findall(r"# schedule: (.*)", moved.moved.text) == ["@reboot"]


def test_what_a_crontab_has_beside_is_told_with_its_line(moved: Imported) -> None:
    assert [one.line for one in moved.left] == [4, 11, 12, 14, 15, 18, 19]
    assert "shop@example.org" in moved.told(4)
    assert "“>> $HOME/count.log 2>&1”" in moved.told(11)
    assert "commented out" in moved.told(12)
    assert "@reboot" in moved.told(14)
    assert "“| logger -t tills”" in moved.told(15)
    assert "RANDOM_DELAY" in moved.told(18)


async def test_a_crontab_of_the_system_names_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Imported(tmp_path, monkeypatch, "crontab", {"etc/cron.d/shop": SYSTEM}, PROGRAMS)
    assert "# user: root" in moved.moved.text
    assert "--job-users" in moved.told(4)
    async with moved.app() as app:
        assert [call.argv for call in await moved.press(app, "keep")] == [["keep", "7"]]
        assert [call.argv for call in await moved.press(app, "keep-2")] == [["keep", "a b"]]


def test_commands_of_a_user_are_no_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Imported(tmp_path, monkeypatch, "crontab", "1 2 3 4 5 silo weigh\n@weekly till count\n")
    assert not moved.left
    assert moved.moved.tasks == 2


def test_it_starts_at_the_home_that_the_table_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Imported(tmp_path, monkeypatch, "crontab", f"HOME={tmp_path}/bin\n0,30 1-5/2 * * sun,mon-wed keep\n")
    assert moved.tasks["keep"].cwd == f"{tmp_path}/bin"
    assert [one.cron for one in moved.tasks["keep"].schedules] == ["0,30 1-5/2 * * sun,mon-wed"]


@pytest.mark.parametrize(
    "line", ["1" * 5000 + "x a", "jan" * 3000, "* * * * " + "1-" * 3000 + "x y", "may the fourth be with you"]
)
def test_what_looks_like_times_and_is_none(line: str) -> None:
    with pytest.raises(ConfigError, match="has no times"):
        move("crontab", [Source("x", line)])
