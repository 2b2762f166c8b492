"""package.json: its scripts are run by their names."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.imports import Source, move
from pushbutton.errors import ConfigError

from .pressing import World

SITE = """{
  "name": "bakery-site",
  "scripts": {
    "prebake": "node look.js",
    "bake": "node bake.js --shop ${SHOP:-north} && npm run -s tidy:up",
    "tidy:up": "rimraf .cache",
    "//": "for the machine that builds",
    "prepare": "husky",
    "empty": "",
    "-x": "true",
    "number": 3,
    "send {all}": "node send.js $npm_config_day `date`"
  }
}
"""


def test_each_script_that_people_call_is_a_task_and_the_rest_is_said(tmp_path: Path) -> None:
    world = World(tmp_path).move("npm", SITE, "package.json", "npm")
    assert {slug: task.title for slug, task in world.tasks.items()} == {
        "bake": "Bake", "tidy-up": "Tidy up", "send-all": "Send all",
    }  # fmt: skip
    assert world.tasks["bake"].help == "`node bake.js --shop ${SHOP:-north} && npm run -s tidy:up`"
    assert world.left == [
        (4, "“prebake” is passed over: it goes before “bake” by itself."),
        (5, "“bake” asks for $SHOP, which nobody gives it here."),
        (7, "“//” is passed over: it is a comment."),
        (8, "“prepare” is passed over: npm calls it by itself."),
        (9, "“empty” is passed over: it does nothing."),
        (10, "“-x” is passed over: its name would be taken for an option."),
        (11, "“number” is passed over: it is no text."),
        (12, "“send {all}” asks for $npm_config_day, which nobody gives it here."),
    ]
    assert [call.argv for slug in world.tasks for call in world.press(slug)] == [
        ["run", "bake"], ["run", "tidy:up"], ["run", "send {all}"],
    ]  # fmt: skip


def test_the_manager_that_the_file_names_is_called(tmp_path: Path) -> None:
    text = json.dumps({"packageManager": "pnpm@9.1.0", "scripts": {"a": "true"}})
    world = World(tmp_path).move("npm", text, "web/package.json", "pnpm")
    assert [(call.program, call.argv) for call in world.press("a")] == [("pnpm", ["run", "a"])]
    assert world.tasks["a"].cwd == str(tmp_path / "web")


@pytest.mark.skipif(shutil.which("npm") is None, reason="the machine has no npm")
def test_the_real_npm_runs_the_script(tmp_path: Path) -> None:
    text = json.dumps({"name": "x", "scripts": {"tell it": "./show 'a b' \"$HOME\""}})
    world = World(tmp_path).move("npm", text, "package.json", "./show")
    (tmp_path / "package.json").write_text(text)
    (called,) = world.press("tell-it")
    assert called.argv == ["a b", str(tmp_path)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{}", "no package.json with “scripts”"), ("[1]", "no package.json"), ('{"scripts": 3}', "no package.json"),
     ('{"scripts": {', "cannot be read as JSON")],
)  # fmt: skip
def test_what_has_no_scripts_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        move("npm", [Source("package.json", text)])


ODD = st.text(st.characters(codec="utf-8"), max_size=12)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(ODD, ODD | st.integers() | st.none(), max_size=5))
def test_any_scripts_give_tasks_that_pass_the_check(scripts: dict[str, object]) -> None:
    moved = move("npm", [Source("package.json", json.dumps({"scripts": scripts}))])
    assert bool(moved.tasks) == bool(moved.text)
    out = [one for one in moved.left if "passed over" in one.what or "left out" in one.what]
    assert moved.tasks + len(out) == len(scripts)
