"""What is written is a file that the catalogue reads without a mistake, whatever stands in a draft."""

from __future__ import annotations

import contextlib
import io
import string
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.adapters.catalog.config import read_config
from pushbutton.adapters.catalog.imports import Source, move, opened
from pushbutton.adapters.catalog.imports.kind import KINDS, Draft, Left, Param, Task, literal
from pushbutton.adapters.catalog.imports.tree import read_json, read_yaml
from pushbutton.adapters.catalog.imports.write import written
from pushbutton.adapters.catalog.model import FileTasks, Form, Found
from pushbutton.cli import commands
from pushbutton.domain.command import build
from pushbutton.domain.template import fill
from pushbutton.errors import BadInput, ConfigError

ANY = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
TEXT = ANY | st.text(alphabet=string.printable + "äé🥖\u2028\x85", max_size=40)


def reading(folder: Path, text: str) -> FileTasks:
    path = folder / "pushbutton.yaml"
    path.write_text(text, "utf-8")
    return read_config(Found(path, Form.CONFIG))


@settings(deadline=None, max_examples=60)
@given(title=TEXT, items=st.lists(TEXT, min_size=1, max_size=4), env=TEXT, note=TEXT, shown=TEXT, default=TEXT)
def test_every_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    title: str, items: list[str], env: str, note: str, shown: str, default: str,
) -> None:  # fmt: skip
    param = Param("x", choices={default: shown, "other": ""}, default=default, help=note)
    task = Task(
        title,
        ("prog", *map(literal, items)),
        1,
        params=(param,),
        env={"A": env},
        notes=(note,),
        help=note,
        secrets={"KEY": "K"},
    )
    found = reading(tmp_path_factory.mktemp("w"), written({"t": task}, {"KEY": note}, title))
    assert found.whole is None
    (got,) = found.tasks
    assert not got.broken
    assert got.title == title or not title
    assert [fill(item, {}).text for item in got.target.argv] == ["prog", *items]  # type: ignore[attr-defined]
    assert (got.env["A"], got.help) == (env, note)
    choice = got.params[0].choices[0]
    assert (choice.value, choice.label or choice.value) == (default, shown or default)
    assert got.params[0].default == default


@pytest.mark.parametrize("text", ["\n\n", "one\n\n", "one\n\n\n", "\n\none\ntwo\n"], ids=repr)
def test_empty_lines_at_the_end_of_what_is_written_last_come_back(tmp_path: Path, text: str) -> None:
    (found,) = reading(tmp_path, written({"send": Task("Send", ("send", text), 1)}, {}, "x")).tasks
    assert [fill(item, {}).text for item in found.target.argv] == ["send", text]  # type: ignore[attr-defined]


def test_items_that_fall_away_together_and_flags_are_read_as_they_were_drafted(tmp_path: Path) -> None:
    params = (Param("to", required=False), Param("dry", type="bool", flag="--dry"), Param("all", place="rest"))
    task = Task("Send", ("send", ("--to", "{to}"), "{dry}", literal("{}")), 1, params=params)
    (found,) = reading(tmp_path, written({"send": task}, {}, "x")).tasks
    assert not found.broken
    cases: tuple[tuple[dict[str, Any], tuple[str, ...]], ...] = (
        ({"all": ["a", "b"]}, ("send", "{}", "a", "b")),
        ({"to": "Ida", "dry": True, "all": ["c"]}, ("send", "--to", "Ida", "--dry", "{}", "c")),
    )
    for inputs, argv in cases:
        assert build(found, inputs, python="").argv == argv


def test_a_task_in_which_the_catalogue_finds_a_mistake_is_left_out_with_its_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(source: Source) -> Draft:
        fine = Task("Fine", ("true",), 1)
        wrong = Task("Wrong", ("true", "{x}"), 7)
        half = Task("Half", ("echo", "\ud800"), 9)
        long = Task("Long", ("sh", "-c", ":" * 200_000), 10)
        return Draft((fine, wrong, half, Task("fine!", ("false",), 9), long), (Left(8, "Gone."),))

    monkeypatch.setattr("pushbutton.adapters.catalog.imports.crontab.read", read)
    moved = move("crontab", [Source("a.tab", "")])
    assert moved.tasks == 2
    assert [(one.file, one.line) for one in moved.left] == [("a.tab", line) for line in (7, 8, 9, 10)]
    assert "“Wrong” is left out: there is no input named “x”" in moved.left[0].what
    assert "fine-2:" in moved.text
    assert "Wrong" not in moved.text


TREE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(TREE, st.sampled_from([None, 1]))
def test_json_is_read_as_it_is(value: Any, indent: int | None) -> None:
    import json

    assert read_json(Source("x", json.dumps(value, indent=indent))).plain == value


def test_a_value_knows_its_line_in_json_and_yaml() -> None:
    tree = read_json(Source("x", '// a\n{"a": 1, /* b\n */ "b": [\n true,\n {"c": 3.10,},\n],\n}'))
    assert [tree["a"].line, tree["b"].line, tree["b"][0].line, tree["b"][1]["c"].line] == [2, 3, 4, 5]
    assert tree["b"][1]["c"].text == "3.10"
    assert not tree["b"][7]["c"]
    tree = read_yaml(Source("x", "a: &a\n  on: yes\n  n: 007\nb:\n  - <<: *a\n    v: 1.50\n  - |\n    x\n"))
    assert tree["a"]["on"].text == "yes"
    assert tree["a"]["on"].truth is True
    assert tree["b"][0]["n"].text == "007"
    assert (tree["b"][0]["v"].line, tree["b"][0]["v"].text, tree["b"][1].line) == (6, "1.50", 7)


@pytest.mark.parametrize(
    "text", ["{", '{"a"', '{"a": }', "[1 2]", '"x', "1 2", "{a: 1}", "[" * 100_000, '"\\q"', "tru"]
)
def test_what_is_no_json_is_one_sentence_with_its_line(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_json(Source("x", f"\n{text}"))
    assert error.value.line == 2 or len(text) > 1000
    assert error.value.sentence.count(".") == 1


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\t- x", "&a [*a, *a]" + "\n", "{" * 100_000, "a: *b"])
def test_what_is_no_yaml_is_one_sentence(text: str) -> None:
    with pytest.raises(ConfigError):
        read_yaml(Source("x", text))


def test_a_tree_that_names_itself_often_has_an_end() -> None:
    text = "a: &a [x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 8)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises(ConfigError, match="more than anybody can look through"):
        read_yaml(Source("x", text))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"", b" \n\n", b"\x7fELF\0\0", b"\xff\xfe", b"\x89PNG\r\n"])
def test_what_is_no_text_is_one_sentence(kind: str, content: bytes, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "x").write_bytes(content)
    assert commands.run(["import", kind, str(tmp_path / "x")]) == 6
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"{tmp_path / 'x'}:" in err


def test_a_file_that_is_not_there_a_folder_and_a_kind_that_there_is_not(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "x").write_text("0 3 * * * true\n")
    for words, code, said in (
        (["crontab", str(tmp_path / "y")], 3, "There is no file"),
        (["crontab", str(tmp_path)], 2, "is a folder"),
        (["crontap", str(tmp_path / "x")], 2, "Did you mean “crontab”?"),
    ):
        assert commands.run(["import", *words]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert said in err
        assert err.count("\n") == 1


def test_what_comes_on_standard_input_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"0 3 * * * tidy\r\n")))
    assert opened("-") == Source("standard input", "0 3 * * * tidy\n")
    with pytest.raises(BadInput):
        move("none", [])


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=40)
@given(text=TEXT.filter(str.strip) | TREE.map(repr))
def test_any_text_gives_tasks_or_one_sentence(kind: str, text: str) -> None:
    with contextlib.suppress(ConfigError):
        moved = move(kind, [Source("x", text.replace("\0", ""))])
        assert bool(moved.tasks) == bool(moved.text)
