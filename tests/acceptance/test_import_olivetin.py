"""OliveTin's actions become tasks that do what it would have done with the same values."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pushbutton.domain.param import ParamType
from pushbutton.domain.task import Reason
from tests.acceptance.imported import HOSTILE, Imported

CONFIG = r"""
listenAddressSingleHTTPFrontend: 0.0.0.0:1337
authLocalUsers: {enabled: yes}
actions:
  - title: Post the list
    id: post_it
    icon: '<b>x</b>'
    shell: post -s '{{ subject }}' --cc {{ cc }} "to {{to}}'s" a{{ to }}b '{{ to }}' $LIST; post "{{ list }}" {{ list }}
    timeout: 1
    maxConcurrent: 2
    arguments:
      - {name: to, title: To whom}
      - {name: cc, type: ascii_identifier}
      - {name: subject, type: ascii_sentence, default: Prices, description: Above it.}
      - name: list
        choices: [{value: shops, title: All shops}, {value: two words, title: Both}]
      - {type: confirmation, title: "Post {it}?"}
  - title: Add it up
    exec: [post, --n, "{{ n }}", "{{ force }}", "at {{ when }}", "{x}"]
    arguments:
      - {name: n, type: int, default: "5"}
      - {name: force, type: checkbox, choices: [{value: --force, title: "yes"}, {value: "", title: "no"}]}
      - {name: when, type: datetime}
  - title: Try it
    shell: |
      if true; then
        post {{ force }} $(( {{ n }} * 2 )) <<END
      it's "{{ note }}"
      END
      fi
    execOnCron: ["0 4 * * *", "@hourly"]
    triggers: [Post the list]
    acls: [bakers]
    arguments:
      - {name: n, type: int, rejectNull: true}
      - {name: force, type: checkbox, choices: [{value: --force, title: "yes"}, {value: "", title: "no"}]}
      - {name: note, type: raw_string_multiline}
  - title: Keep the phrase
    shell: "post -p'{{ phrase }}' {{ path }}"
    hidden: true
    arguments:
      - {name: phrase, type: password, rejectNull: true}
      - {name: path, type: 'regex:^[\w/. -]+$', suggestions: {a.csv: Orders, b.csv: ""}}
  - title: Ask the table
    shell: psql -c "select '{{ x }}'"
    arguments: [{name: x}]
  - title: Restart {{ ovens.name }}
    entity: ovens
    shell: ovenctl restart {{ ovens.ip }}
  - title: Whose is it
    shell: |
      post
      post {{ nobody }}
  - title: Send it on
    shell: |-
      post -d '{"a": "{{ a }}"}'
    justification: Why now?
    maxRate: [{limit: 3, duration: 5m}]
    arguments: [{name: a}, {type: html, title: "<i>"}, {name: far, type: moon}]
  - title: Names of them
    shell: post --format '{{.Names}} {{ .State.Status }}'
  - title: Of one
    exec: [post, "{{ ovens.ip }}"]
  - title: If so
    shell: 'post {{ if .Arguments.a }}{{ a }}{{ end }}'
    arguments: [{name: a}]
entities:
  - {file: ovens.yaml, name: ovens}
dashboards:
  - title: Bakery
    contents:
      - {title: Add it up}
      - title: Mail
        contents: [{title: Post the list}]
"""
HOLE = re.compile(r"\{\{ *(\w+) *\}\}")


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imported:
    return Imported(tmp_path, monkeypatch, "olivetin", CONFIG, ["post", "psql"])


def theirs(moved: Imported, shell: str, **values: str) -> list[list[str]]:
    """What OliveTin runs: the values in the text."""
    text = HOLE.sub(lambda match: values[match[1]], shell)
    env = {"PATH": f"{moved.folder / 'bin'}:/usr/bin:/bin", "LIST": values.get("list", "")}
    calls = moved.folder / "calls"
    calls.unlink(missing_ok=True)
    subprocess.run(["sh", "-c", text], env=env, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return [json.loads(line)["argv"] for line in calls.read_text().splitlines()]


def shell_of(title: str) -> str:
    from ruamel.yaml import YAML

    tree: Any = YAML(typ="safe").load(CONFIG)
    return str(next(action["shell"] for action in tree["actions"] if action["title"] == title))


async def test_a_shell_does_with_plain_values_what_it_did_there(moved: Imported) -> None:
    values = {"to": "ida", "cc": "ole.x", "subject": "Prices", "list": "shops"}
    wanted = theirs(moved, shell_of("Post the list"), **values)
    async with moved.app() as app:
        calls = await moved.press(app, "post-it", **values)
        assert sorted(call.argv for call in calls) == sorted(wanted)
        wanted = theirs(moved, shell_of("Try it"), n="4", force="", note="a")
        calls = await moved.press(app, "try-it", n=4, note="a")
        assert [call.argv for call in calls] == wanted == [["post", "8"]]
        wanted = theirs(moved, shell_of("Try it"), n="4", force="--force", note="a")
        (call,) = await moved.press(app, "try-it", n=4, note="a", force="--force")
        assert [call.argv] == wanted
        assert call.stdin == 'it\'s "a"\n'


async def test_whatever_a_value_is_it_stays_one_word(moved: Imported) -> None:
    async with moved.app() as app:
        for value in [*HOSTILE, "-x"]:
            calls = await moved.press(app, "post-it", to=value, list="two words")
            assert sorted(call.argv for call in calls) == [
                [
                    "post", "-s", "Prices", "--cc", f"to {value}'s", f"a{value}b", value, "two", "words",
                ],
                ["post", "two words", "two words"],
            ]  # fmt: skip
            (call,) = await moved.press(app, "try-it", n=1, note=f"{value}\n{value}")
            assert call.stdin == f'it\'s "{value}\n{value}"\n'
            (call,) = await moved.press(app, "names-of-them")
            assert call.argv == ["post", "--format", "{{.Names}} {{ .State.Status }}"]
            (call,) = await moved.press(app, "keep-the-phrase", phrase=value, input_path="a b/c")
            assert call.argv == ["post", f"-p{value}", "a b/c"]


async def test_a_list_of_words_gets_each_value_as_it_is(moved: Imported) -> None:
    async with moved.app() as app:
        (call,) = await moved.press(app, "add-it-up", force=True, when="2026-11-23T09:42:00")
        assert call.argv == ["post", "--n", "5", "--force", "at 2026-11-23T09:42:00", "{x}"]
        (call,) = await moved.press(app, "add-it-up", n=0)
        assert call.argv == ["post", "--n", "0", "{x}"]


def test_what_is_asked_is_what_was_asked_there(moved: Imported) -> None:
    post, add, run, keep, send, _ = moved.tasks.values()
    assert (post.slug, post.title, post.group, post.confirm) == ("post-it", "Post the list", "Mail", "Post {{it}}?")
    assert (post.limits.timeout, post.limits.at_once, post.limits.busy) == (3, 2, "skip")
    asked = {param.name: param for param in post.params}
    assert [(one.value, one.label) for one in asked["list"].choices] == [("shops", "All shops"), ("two words", "Both")]
    assert asked["list"].required
    assert not asked["to"].required
    assert (asked["to"].label, asked["subject"].default, asked["subject"].help) == ("To whom", "Prices", "Above it.")
    assert add.group == "Bakery"
    assert [param.type for param in add.params] == [ParamType.INT, ParamType.BOOL, ParamType.DATETIME]
    assert run.reason is Reason.OPTIONAL
    assert [param.type for param in keep.params] == [ParamType.SECRET, ParamType.STR]
    assert (keep.params[1].pattern, keep.params[1].help) == (r"[\w/. -]+", "Such as a.csv (Orders), b.csv.")
    assert (send.title, send.reason, send.help) == ("Send it on", Reason.REQUIRED, "Why now?")
    why = "(the inputs of the schedule “1” do not fit: “n”: Fill this in)"
    assert f"# schedule: 0 4 * * *  {why}\n  # schedule: @hourly  {why}\n  try-it:" in moved.moved.text


def test_what_was_not_taken_is_told_with_its_line(moved: Imported) -> None:
    lines = CONFIG.split("\n")
    told = {(lines[one.line - 1].strip(), one.what) for one in moved.left}

    def said(line: str, what: str) -> bool:
        return any(found.startswith(line) and what in sentence for found, sentence in told)

    assert said("authLocalUsers", "People are not taken")
    assert said("shell: post -s", "“to” stood outside of quotes")
    assert said("shell: post -s", "“list” stood outside of quotes")
    assert not said("shell: post -s", "“cc”")
    assert said("triggers", "What it starts when it is over")
    assert said("acls", "bakers")
    assert said("hidden", "It was hidden")
    assert said('shell: "post -p', "“phrase” is a secret")
    assert said('shell: psql -c "select', "“Ask the table” is left out: “x” stands in the text of a program")
    assert said("entity: ovens", "stands for each of the entities “ovens”")
    assert said("post {{ nobody }}", "“Whose is it” is left out: “nobody” is none of its arguments")
    assert said("maxRate", "How often")
    assert said("post -d", "“a” stands in JSON")
    assert said("arguments: [{name: a}", "of the type “moon”")
    assert said("arguments: [{name: a}", "What the form of “Send it on” said")
    assert said("shell: post --format", "“{{.Names}}” is none of the arguments")
    assert said("- title: Of one", "stands for each of the entities")
    assert said("shell: 'post {{ if", "decides what its command is")
    assert all(one.do for one in moved.left)
