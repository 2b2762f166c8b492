"""A sentence is its English text, and remembers what it says and of what."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from pushbutton.errors import PushbuttonError
from pushbutton.sentence import BESIDE, Sentence, kept, recalled, say, say_n

GONE = say("Run {number} is gone: {why}", number=7, why=say("it was removed."))


def parts(said: Any) -> tuple[str, str, str, Any]:
    return str(said), said.id, said.plural, said.values


def test_it_is_its_english_text():
    assert GONE == "Run 7 is gone: it was removed."
    assert hash(GONE) == hash("Run 7 is gone: it was removed.")
    assert json.dumps([GONE]) == '["Run 7 is gone: it was removed."]'


def test_it_knows_its_template_and_its_values():
    assert (GONE.id, GONE.values["number"]) == ("Run {number} is gone: {why}", 7)
    assert parts(GONE.values["why"]) == parts(say("it was removed."))


def test_an_error_gives_back_the_sentence_that_it_was_raised_with():
    assert parts(str(PushbuttonError(GONE))) == parts(GONE)


def test_a_text_without_values_may_hold_braces():
    assert say("Write {} for nothing.") == "Write {} for nothing."


def test_a_list_is_read_with_commas():
    assert say("Look at {names}.", names=["a", say("b")]) == "Look at a, b."


@pytest.mark.parametrize(("n", "text"), [(0, "0 hours"), (1, "1 hour"), (1200, "1,200 hours")])
def test_it_counts(n, text):
    said = say_n("{n:,} hour", "{n:,} hours", n)
    assert (said, said.id, said.plural, said.values) == (text, "{n:,} hour", "{n:,} hours", {"n": n})


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_is_the_same_sentence(copied):
    assert parts(copied(GONE)) == parts(GONE)


SAID: dict[str, Any] = {
    "reason": GONE,
    "more": [say("One."), "two"],
    "left": say_n("{n} file", "{n} files", 3),
    "of": say("Only from: {offer}.", offer=["a", say("nothing")]),
    "code": 4,
}


def test_data_come_back_from_json_as_they_were():
    found = recalled(json.loads(json.dumps(kept(SAID))))
    assert found == SAID
    for name in ("reason", "left", "of"):
        assert parts(found[name]) == parts(SAID[name])
    assert parts(found["reason"].values["why"]) == parts(GONE.values["why"])
    assert parts(found["of"].values["offer"][1]) == parts(say("nothing"))
    assert parts(found["more"][0]) == parts(say("One."))
    assert not isinstance(found["more"][1], Sentence)


def test_data_without_sentences_are_as_they_are():
    data = {"text": "Asked to stop.", "level": "info"}
    assert kept(data) is data
    assert recalled(data) is data


def test_data_that_only_look_like_it_become_no_sentence():
    forged = {"text": "All well.", BESIDE: {"text": {"id": "Asked to stop.", "values": {}}}}
    assert kept(forged) == {"text": "All well."}
    assert kept({**forged, "reason": say("One.")})[BESIDE] == {"reason": {"id": "One.", "values": {}}}


@pytest.mark.parametrize(
    "beside",
    [
        None, [], "x", {"text": None}, {"text": {"id": 1, "values": {}}}, {"text": {"id": "a"}}, {"text": []},
        {"text": {"id": "a", "values": []}}, {"other": {"id": "a", "values": {}}},
        {"text": [{"id": "a", "values": {}}]},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_text(beside):
    found = recalled({"text": "As it was.", BESIDE: beside})
    assert found == {"text": "As it was."}
    assert not isinstance(found["text"], Sentence)
