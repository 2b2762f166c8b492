"""Two hundred scripts, each with its answer: how many are read whole, and that none is read wrong."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import io
import json
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

BENCH = Path(__file__).parents[3] / "bench"
SAMPLES = {
    "text": "a b=c", "int": 7, "float": 2.5, "yes": True, "count": 2, "repeat": ["x y", "z"], "many": ["p", "q"],
    "two": [3, 4],
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus() -> Iterator[Any]:
    sys.path.insert(0, str(BENCH))
    try:
        import corpus

        yield corpus
    finally:
        sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def scripts(corpus: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made: list[Path] = corpus.write(tmp_path_factory.mktemp("corpus"))
    return made


def test_no_script_is_read_wrong_and_most_are_read_whole(corpus: Any, scripts: list[Path]) -> None:
    readings = asyncio.run(corpus.read_all(scripts))
    verdicts = [corpus.judged(script, reading) for script, reading in zip(scripts, readings, strict=True)]
    assert [one for one in verdicts if one.what == "wrong"] == []
    counts = Counter(one.what for one in verdicts)
    assert counts.total() == 200
    assert counts["whole"] >= 170, counts
    assert {one.kind for one in verdicts if one.what == "unread"} == {"by hand"}


def test_the_scripts_are_the_same_each_time(corpus: Any, scripts: list[Path], tmp_path: Path) -> None:
    again = corpus.write(tmp_path)
    assert [path.name for path in again] == [path.name for path in scripts]
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in scripts]
    assert [path.with_suffix(".json").read_bytes() for path in again] == [
        path.with_suffix(".json").read_bytes() for path in scripts
    ]


def test_a_reading_that_differs_from_its_answer_is_wrong(corpus: Any, scripts: list[Path], tmp_path: Path) -> None:
    (script,) = [path for path in scripts if path.name == "argparse_02.py"]
    reading = asyncio.run(corpus.read_all([script]))[0]
    answer = json.loads(script.with_suffix(".json").read_text())
    copy = tmp_path / script.name

    def what(**change: Any) -> str:
        changed = json.loads(json.dumps(answer))
        changed["forms"][""][0] |= change
        copy.with_suffix(".json").write_text(json.dumps(changed))
        return str(corpus.judged(copy, reading).what)

    assert what() == "whole"
    changes = ({"name": "other"}, {"type": "date"}, {"required": "?"}, {"default": "other"}, {"choices": ["other"]},
               {"flag": "--other"}, {"off": "--other"})  # fmt: skip
    assert [what(**change) for change in changes] == ["wrong"] * len(changes)
    copy.with_suffix(".json").write_text(json.dumps({**answer, "gaps": ["shop"]}))
    assert corpus.judged(copy, reading).what == "wrong"  # it said nothing of it


# -- the answers themselves, held against the real parsers


def value_of(one: Mapping[str, Any], file: Path) -> Any:
    if one["kind"] == "sheet":
        return str(file)
    if one["kind"] == "pair":
        return not one["default"]
    return one["choices"][-1] if one["choices"] else SAMPLES.get(one["kind"], "south")


def argv_of(answer: Mapping[str, Any], form: str, values: Mapping[str, Any]) -> list[str]:
    """Written here by hand, for none of ours is to say how it goes."""
    inputs = {one["name"]: one for one in answer["lines"][form]}
    parts = {side: _part(answer["library"], [(one, values[name]) for name, one in inputs.items()
                                             if name in values and (name in answer["top"]) == (side == "top")])
             for side in ("top", "own")}  # fmt: skip
    return [*parts["top"], *([form] if form else []), *parts["own"]]


def _part(library: str, given: Sequence[tuple[Mapping[str, Any], Any]]) -> list[str]:
    options: list[str] = []
    operands: list[str] = []
    for one, value in given:
        flag = one["flag"]
        if one["operand"]:
            operands += map(str, value) if isinstance(value, list) else [str(value)]
        elif one["kind"] == "either":
            options.append(f"--{value.replace('_', '-')}")
        elif library == "fire":
            options.append(f"{flag}={value}")
        elif one["kind"] in ("yes", "pair"):
            options.append(flag if value else one["off"])
        elif one["kind"] == "count":
            options += [flag] * value
        elif one["kind"] == "two":
            options += [flag, *map(str, value)]
        else:
            for each in value if isinstance(value, list) else [value]:
                options += [f"{flag}={each}"] if flag.startswith("--") else [flag, str(each)]
    return [*options, *operands]


def run(script: Path, argv: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any] | None:
    """What the script found; None: it refused."""
    source = script.read_text().replace("print found\nfor name in found: print name, found[name]", "")
    source += "\nimport json\nprint(json.dumps(found))" if "python2" in source.partition("\n")[0] else ""
    out = io.StringIO()
    monkeypatch.setattr(sys, "argv", [str(script), *argv])
    main = ModuleType("__main__")  # Fire asks in which file a class of it stands
    main.__file__ = str(script)
    monkeypatch.setitem(sys.modules, "__main__", main)
    space = main.__dict__
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a script leaves closing its files to the end of its process
        try:
            exec(compile(source, str(script), "exec"), space)
        except SystemExit as end:
            if end.code not in (None, 0):
                return None
        space.clear()
        if "FileType" in source or "click.File" in source:
            gc.collect()
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def key_of(library: str, one: Mapping[str, Any]) -> str:
    if library != "docopt":
        return str(one["as"])
    return f"<{one['as']}>" if one["operand"] else str(one["flag"])


@pytest.fixture
def _what_is_there_already_is_not_looked_through() -> Iterator[None]:
    """For garbage: it is all that the process of the tests has loaded."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_what_is_there_already_is_not_looked_through")
def test_the_answers_are_what_the_real_parsers_say(
    scripts: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sheet"
    file.write_text("x")
    monkeypatch.syspath_prepend(str(scripts[0].parent / "house"))
    asked = 0
    for script in scripts:
        answer = json.loads(script.with_suffix(".json").read_text())
        library = answer["library"]
        if library in ("by hand", "nothing"):
            continue
        for form, inputs in list(answer["lines"].items())[:3]:
            every = {one["name"]: value_of(one, file) for one in inputs if not one["gap"]}
            needed = {one["name"]: every[one["name"]] for one in inputs if one["required"]}
            found = run(script, argv_of(answer, form, needed), monkeypatch)
            assert found is not None, (script.name, needed)
            for one in inputs:
                if one["name"] not in needed and not one["gap"] and key_of(library, one) in found:
                    usual = found[key_of(library, one)]
                    assert (usual or None) == (one["default"] or None), (script.name, one)
            found = run(script, argv_of(answer, form, every), monkeypatch)
            assert found is not None, (script.name, every)
            for one in inputs:
                if one["name"] in every and one["kind"] != "sheet" and key_of(library, one) in found:
                    assert found[key_of(library, one)] == every[one["name"]], (script.name, one)
            for name in needed:
                less = {other: value for other, value in needed.items() if other != name}
                if not any(one["operand"] and one["name"] in less for one in inputs):
                    assert run(script, argv_of(answer, form, less), monkeypatch) is None, (script.name, name)
            for one in inputs:
                if one["choices"] and not one["gap"] and one["kind"] != "either":
                    wrong = {**needed, one["name"]: "no such choice"}
                    assert run(script, argv_of(answer, form, wrong), monkeypatch) is None, (script.name, one)
            asked += 1
    assert asked > 180
