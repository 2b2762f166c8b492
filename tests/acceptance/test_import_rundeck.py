"""Rundeck's jobs become tasks that do on the server what their steps did on a node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pushbutton.domain.param import ParamType
from tests.acceptance.imported import HOSTILE, Imported

JOBS = r"""
- name: Close a till
  group: tills
  description: |-
    Closes one.

    It takes a minute.
  multipleExecutions: true
  maxMultipleExecutions: 3
  timeout: 1h 30m
  retry: 2
  schedule: {crontab: '0 15 3 ? * 2-6 *'}
  timeZone: Europe/Vienna
  options:
  - {name: why-not, regex: '^[^|]+$', sortIndex: 2, description: In a word}
  - {name: till, required: true, sortIndex: 1, values: [a1, b2], value: b2, enforced: true}
  - {name: days, multivalued: true, delimiter: ',', values: [mon, tue], enforced: true, multivalueAllSelected: true}
  - {name: others, multivalued: true, delimiter: ';', value: x;y}
  - {name: path, hidden: true, value: /srv}
  - {name: free, valuesUrl: 'https://example.org/x'}
  sequence:
    commands:
    - exec: till close ${option.till} --why "it's ${option.why-not}" '${option.why-not}' $RD_OPTION_TILL ${option.days}
  nodefilters: {filter: 'tags: till'}
- name: Move it
  options:
    till: {required: true}
    to: {value: ''}
    when: {isDate: true, dateFormat: MM/DD/YYYY hh:mm a}
    day: {isDate: true, dateFormat: YYYY-MM-DD}
    pass: {secure: true, valueExposed: true}
    node: {secure: true, storagePath: keys/n}
  sequence:
    keepgoing: false
    commands:
    - exec: till close ${option.till}
    - script: |
        #!/bin/bash
        set -e
        till move @option.till@ "${RD_OPTION_PASS:0:2}" "$1" "$#"
        [[ @option.till@ != bad ]]
        till moved ida@example.org@x
      args: ${option.day} 'a b'
      errorhandler: {exec: 'till open ${option.till}', keepgoingOnSuccess: 'false'}
    - script: |
        #!/usr/bin/env python3
        import os, subprocess
        subprocess.run(["till", "count", os.environ["RD_OPTION_TILL"], os.environ["RD_OPTION_TO"]], check=True)
- name: Go on
  options: {till: {}}
  sequence:
    keepgoing: true
    commands:
    - {exec: 'till a; false'}
    - {exec: till b, errorhandler: {exec: till never}}
    - {exec: 'till c; false', errorhandler: {exec: till d, keepgoingOnSuccess: 'true'}}
- name: Count
  options: {till: {required: false}}
  sequence:
    commands:
    - scriptfile: %(folder)s/bin/till
      args: --till ${option.till} ${option.till}x
      scriptInterpreter: env
- name: With another
  sequence:
    commands:
    - {exec: 'true'}
    - jobref: {name: Count, args: '-till 5'}
- name: Told
  sequence:
    commands:
    - {exec: 'psql -c "select ${option.x}"'}
  options: {x: {valuesUrl: 'https://example.org/x'}}
- name: Perl
  sequence:
    commands:
    - script: |
        #!/usr/bin/perl -w
        exec "till", "@option.till@";
  options: {till: {}}
- name: With a key
  options: {dbpass: {secure: true, valueExposed: true, storagePath: keys/shop/db}}
  sequence: {commands: [{script: "till $RD_OPTION_DBPASS"}]}
"""
XML = """<joblist>
  <job>
    <name>Empty it</name>
    <group>web</group>
    <context>
      <project>shop</project>
      <options preserveOrder="true">
        <option name="site" required="true" enforcedvalues="true" values="north, harbour" value="north"/>
        <option name="what"><description><![CDATA[All of <b>it</b>]]></description></option>
      </options>
    </context>
    <schedule><time hour="*/6" minute="05" seconds="0"/><month month="*"/><weekday day="MON,1"/></schedule>
    <sequence keepgoing="false" strategy="step-first">
      <command><exec>till purge --site ${option.site} '${option.what}'</exec></command>
      <command><script><![CDATA[till "done & <for> @option.site@" "$@"]]></script><scriptargs>1 ${option.what}</scriptargs></command>
      <command><exec>till ${globals.x}</exec></command>
    </sequence>
  </job>
  <job>
    <name>Purge</name>
    <context><options>
      <option name="site" required="true" values="north,harbour"/>
      <option name="what"/>
    </options></context>
    <sequence>
      <command><exec>till purge ${option.site} '${option.what}'</exec></command>
      <command><script><![CDATA[till "done & <for> @option.site@" "$@"
]]></script><scriptargs>1 ${option.what}</scriptargs></command>
    </sequence>
  </job>
</joblist>
"""  # noqa: E501 - as it is exported


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imported:
    return Imported(tmp_path, monkeypatch, "rundeck", JOBS % {"folder": tmp_path}, ["till", "psql"])


async def calls(moved: Imported, app: Any, task: str, **inputs: Any) -> list[list[str]]:
    return [call.argv for call in await moved.press(app, task, **inputs)]


async def test_a_step_gets_its_options_as_it_did_there(moved: Imported) -> None:
    async with moved.app() as app:
        for value in HOSTILE:
            assert await calls(moved, app, "close-a-till", till="a1", why_not=value) == [
                ["till", "close", "a1", "--why", f"it's {value}", value, "a1", "mon,tue"]
            ]
        assert await calls(moved, app, "close-a-till", days=["tue"]) == [
            ["till", "close", "b2", "--why", "it's ", "", "b2", "tue"]
        ]
        assert await calls(moved, app, "count") == [["till", "--till", "x"]]
        (call,) = await moved.press(app, "count", till="a b")
        assert call.argv == ["till", "--till", "a b", "a bx"]
        assert call.env["RD_OPTION_TILL"] == "a b"


async def test_steps_come_one_after_the_other_until_one_fails(moved: Imported) -> None:
    async with moved.app() as app:
        for value in HOSTILE:
            made = await calls(moved, app, "move-it", till=value, to=value, day="2026-11-23", **{"pass": "hush"})
            assert made == [
                ["till", "close", value],
                ["till", "move", value, "hu", "2026-11-23", "2"],
                ["till", "moved", "ida@example.org@x"],
                ["till", "count", value, value],
            ]
        made = [call.argv for call in await moved.press(app, "move-it", state="failed", till="bad")]
        assert made == [["till", "close", "bad"], ["till", "move", "bad", "", "a b", "1"], ["till", "open", "bad"]]
        made = [call.argv for call in await moved.press(app, "go-on", state="failed")]
        assert made == [["till", "a"], ["till", "b"], ["till", "c"], ["till", "d"]]


def test_what_is_asked_is_what_was_asked_there(moved: Imported) -> None:
    close = moved.tasks["close-a-till"]
    assert (close.group, close.help, close.limits.timeout) == ("tills", "Closes one.\n\nIt takes a minute.", 5400)
    assert (close.limits.at_once, moved.tasks["move-it"].limits.busy) == (3, "skip")
    asked = {param.name: param for param in close.params}
    assert list(asked) == ["days", "others", "input_path", "free", "till", "why_not"]
    assert (asked["till"].required, asked["till"].default) == (True, "b2")
    assert (asked["others"].type, asked["others"].default) == (ParamType.LIST, ["x", "y"])
    assert asked["days"].default == ["mon", "tue"]
    assert (asked["why_not"].pattern, asked["why_not"].help) == ("[^|]+", "In a word")
    move = {param.name: param for param in moved.tasks["move-it"].params}
    assert move["day"].type is ParamType.DATE
    assert move["pass"].type is ParamType.SECRET
    assert (move["when"].pattern, move["when"].example) == (
        "[0-9]{2}/[0-9]{2}/[0-9]{4}\\ [0-9]{2}:[0-9]{2}\\ (?:AM|PM|am|pm)", "11/23/2026 09:42 am",
    )  # fmt: skip
    assert "# schedule: 15 3 * * 1-5  Europe/Vienna  (Quartz: 0 15 3 ? * 2-6 *)" in moved.moved.text


def test_a_stored_key_is_a_named_secret(moved: Imported) -> None:
    assert moved.tasks["with-a-key"].named_secrets == {"SHOP_DB": "DBPASS"}
    assert "pushbutton secret set SHOP_DB" in moved.moved.text
    assert moved.tasks["with-a-key"].target.argv[2] == "till $DBPASS"  # type: ignore[attr-defined]


def test_what_was_not_taken_is_told_with_its_line(moved: Imported) -> None:
    lines = (JOBS % {"folder": moved.folder}).split("\n")
    told = {(lines[one.line - 1].strip(), one.what) for one in moved.left}

    def said(line: str, what: str) -> bool:
        return any(found.startswith(line) and what in sentence for found, sentence in told)

    assert said("retry", "not tried again")
    assert said("nodefilters", "ran on the nodes “tags: till”")
    assert said("- {name: others", "and not with “;”")
    assert said("- {name: path, hidden", "was hidden")
    assert said("node: {secure", "signing in to nodes")
    assert said("commands:", "The 3 steps of “Move it” are one script")
    assert said("- jobref", "“With another” is left out: one of its steps is another job")
    assert said("- {exec: 'psql", "“Told” is left out")
    assert not said("options: {x: {valuesUrl", "came from an address"), "of what is left out, only why"
    assert said("- {name: free", "came from an address")
    assert said('exec "till", "@option', "“Perl” is left out")
    assert said("options: {dbpass", "named secret SHOP_DB")


async def test_the_older_xml_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Imported(tmp_path, monkeypatch, "rundeck", XML, ["till"])
    assert list(moved.tasks) == ["purge"]
    assert "“${globals.x}” is nothing that is known here" in moved.told(16)
    async with moved.app() as app:
        assert await calls(moved, app, "purge", site="north", what="a 'b'") == [
            ["till", "purge", "north", "a 'b'"],
            ["till", "done & <for> north", "1", "a 'b'"],
        ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><joblist>&x;</joblist>', "DOCTYPE"),
        ("<joblist><job>", "cannot be read as XML"),
        ("<a/>", "begins with <a>"),
        ("<joblist/>", "no list of Rundeck's jobs"),
        ("<a>" * 5000, "too deep"),
        ("- name: x\n", "no list of Rundeck's jobs"),
    ],
)
def test_what_is_no_list_of_jobs_is_one_sentence(text: str, what: str) -> None:
    from pushbutton.adapters.catalog.imports import Source, move
    from pushbutton.errors import ConfigError

    with pytest.raises(ConfigError, match=what):
        move("rundeck", [Source("x", text)])
