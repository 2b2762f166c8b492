"""Runners of script-server become tasks that call their scripts with the arguments that it would have given."""

from __future__ import annotations

from pathlib import Path

import pytest

from pushbutton.domain.param import ParamType
from tests.acceptance.imported import HOSTILE, Imported

RUNNER = r"""{
  // the name of the file is not its name
  "name": "Print the price cards",
  "script_path": "cards 'by shop' --{x}",
  "description": "Takes a *minute*.",
  "group": "Cards",
  "working_directory": "%(folder)s",
  "requires_terminal": "False",
  "allowed_users": ["ida", "@office", "10.4.0.9"],
  "output_files": ["cards/*.pdf"],
  "scheduling": {"enabled": false},
  "include": "more.json",
  "parameters": [
    {"name": "Shop", "param": "--shop=", "same_arg_param": "true", "type": "list", "required": true,
     "values": ["n1", "out let"], "values_ui_mapping": {"n1": "North"}, "default": "n1"},
    {"name": "Text {1}", "param": "--text", "max_length": "40"},
    {"name": "Copies", "param": "-n", "type": "int", "min": "1", "max": 9, "default": "2"},
    {"name": "Dry", "param": "--dry", "no_value": "true", "default": "true"},
    {"name": "Loud", "param": "loud", "no_value": true},
    {"name": "By", "param": "--by", "constant": true, "default": "the office"},
    {"name": "For", "param": "--for", "constant": true, "default": "${auth.username}"},
    {"name": "Goods", "param": "--goods", "type": "multiselect", "multiselect_argument_type": "repeat_param_value",
     "values": ["rye", "spelt, dark"]},
    {"name": "Sizes", "param": "--sizes", "type": "multiselect", "multiselect_argument_type": "argument_per_value",
     "values": ["a5", "a 6"]},
    {"name": "Days", "type": "multiselect", "values": ["mon", "tue"], "default": "tue,mon"},
    {"name": "Key", "param": "--key", "secure": true, "env_var": "CARD_KEY"},
    {"name": "Path", "pass_as": "env_variable", "env_var": "CARD_PATH"},
    {"name": "Sheet", "type": "file_upload", "param": "--sheet"},
    {"name": "Note", "type": "multiline_text"},
    {"name": "Typed", "pass_as": "stdin"},
    {"name": "Printer", "type": "list", "values": {"script": "printf 'p1\\np2' | awk '{print $1}'"}},
    {"name": "Tray", "type": "list", "values": {"script": "trays ${Printer}"}},
    {"name": "Code", "regex": {"pattern": "^[a-z]{2}$", "description": "two letters"}, "param": "--code"},
    {"name": "Odd", "regex": {"pattern": "(?<!a|bc)d"}, "param": "--odd"},
  ]
}"""


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imported:
    text = RUNNER % {"folder": tmp_path}
    return Imported(tmp_path, monkeypatch, "script-server", {"conf/cards.json": text}, ["cards"])


async def test_a_script_gets_the_arguments_that_script_server_gave_it(moved: Imported) -> None:
    async with moved.app() as app:
        (call,) = await moved.press(app, "print-the-price-cards", shop="n1", card_key="hush")
        assert call.argv == [
            "cards", "by shop", "--{x}", "--shop=n1", "-n", "2", "--dry", "--by", "the office", "tue,mon",
        ]  # fmt: skip
        assert call.env["CARD_KEY"] == "hush"
        assert call.cwd == str(moved.folder)
        for value in HOSTILE:
            (call,) = await moved.press(
                app, "print-the-price-cards", shop="out let", text_1=value, copies=9, dry=False, loud="loud",
                goods=["rye", "spelt, dark"], sizes=["a5", "a 6"], days=["mon"], card_path=value, note=f"{value}\n2",
                printer="p2", tray=value, code="ab", card_key=value, odd=value,
            )  # fmt: skip
            assert call.argv == [
                "cards", "by shop", "--{x}", "--shop=out let", "--text", value, "-n", "9", "loud", "--by", "the office",
                "--goods=rye", "--goods=spelt, dark", "--sizes", "a5", "a 6", "mon", f"{value}\n2", "p2", value,
                "--code", "ab", "--odd", value,
            ]  # fmt: skip
            assert (call.env["CARD_KEY"], call.env["CARD_PATH"]) == (value, value)


def test_what_the_form_asks_is_what_script_server_asked(moved: Imported) -> None:
    task = moved.tasks["print-the-price-cards"]
    assert (task.title, task.help, task.group, task.tty) == (
        "Print the price cards",
        "Takes a *minute*.",
        "Cards",
        None,
    )
    asked = {param.name: param for param in task.params}
    assert list(asked) == [
        "shop", "text_1", "copies", "dry", "loud", "goods", "sizes", "days", "card_key", "card_path", "sheet", "note",
        "printer", "tray", "code", "odd",
    ]  # fmt: skip
    assert [(one.value, one.label) for one in asked["shop"].choices] == [("n1", "North"), ("out let", "out let")]
    assert (asked["shop"].required, asked["shop"].default) == (True, "n1")
    assert (asked["text_1"].label, asked["text_1"].required, asked["text_1"].max_length) == ("Text {1}", False, 40)
    assert (asked["copies"].min, asked["copies"].max, asked["copies"].default) == (1, 9, 2)
    assert asked["dry"].default is True
    assert (asked["code"].pattern, asked["code"].pattern_text) == ("[a-z]{2}", "two letters")
    assert asked["sheet"].type is ParamType.FILE
    assert asked["card_key"].type is ParamType.SECRET
    assert not asked["odd"].pattern


def test_what_script_server_had_beside_is_told_with_its_line(moved: Imported) -> None:
    assert [one.line for one in moved.left] == [9, 9, 9, 10, 12, 21, 22, 27, 31, 33, 35]
    assert "pushbutton user give user:ida presser --where task:print-the-price-cards" in moved.told(9)
    assert "group:office" in moved.told(9)
    assert "address" in moved.told(9)
    assert "${auth.username}" in moved.told(21)
    assert "“--goods” and its value are one word" in moved.told(22)
    assert "secret" in moved.told(27)
    assert "nobody who types" in moved.told(31)
    assert "choices_from" in moved.told(33)
    assert "pattern of “Odd”" in moved.told(35)


def test_a_runner_without_a_name_is_called_as_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = Imported(tmp_path, monkeypatch, "script-server", {"conf/oven_log.json": '{"script_path": "./log.sh -f"}'})
    (task,) = moved.tasks.values()
    assert (task.slug, task.title) == ("oven-log", "Oven log")
    assert task.tty
    assert "was seen from where script-server runs" in moved.told(1)


def test_several_runners_are_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{name}.json": '{"name": "Same", "script_path": "x", "hidden": true}' for name in "abc"}
    moved = Imported(tmp_path, monkeypatch, "script-server", files)
    assert list(moved.tasks) == ["same", "same-2", "same-3"]
    assert [one.file for one in moved.left] == ["a.json", "b.json", "c.json"]


def test_a_second_parameter_of_a_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '{"script_path": "x", "parameters": [\n{"name": "A", "secure": true},\n{"name": "A"}\n]}'
    moved = Imported(tmp_path, monkeypatch, "script-server", text)
    assert "A second parameter “A”" in moved.told(3)
