"""What somebody sent becomes canonical inputs, or one sentence per param."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pushbutton.domain.inputs import MASK, Exact, as_sent, fingerprint, mask, parse, sent
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.targets import CommandTarget
from pushbutton.domain.task import Source, Task
from pushbutton.errors import InvalidInputs

ENV = Param("env", ParamType.CHOICE, choices=(Choice("test"), Choice("staging"), Choice("production")))


def refusal(param: Param, value: Any, *, form: bool = False) -> str:
    with pytest.raises(InvalidInputs) as caught:
        parse([param], {param.name: value}, form=form)
    return caught.value.fields[param.name]


def taken(param: Param, value: Any, *, form: bool = False) -> Any:
    return parse([param], {param.name: value}, form=form).get(param.name)


def test_every_wrong_param_is_named_at_once():
    count = Param("count", ParamType.INT, min=1, max=8)
    with pytest.raises(InvalidInputs) as caught:
        parse([ENV, count], {"env": "prod", "count": 9, "envv": "test"})
    assert caught.value.fields == {
        "envv": "There is no input named “envv”. Did you mean “env”?",
        "env": "Choose one of: test, staging, production.",
        "count": "Choose a number from 1 to 8.",
    }


def test_a_task_without_inputs_says_so():
    with pytest.raises(InvalidInputs) as caught:
        parse([], {"x": 1})
    assert caught.value.fields == {"x": "There is no input named “x”. This task has no inputs."}


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_inputs_that_are_no_object_are_refused(raw: Any):
    with pytest.raises(InvalidInputs) as caught:
        parse([ENV], raw)
    assert caught.value.fields == {"": "Send the inputs as an object of names and values."}


@pytest.mark.parametrize("value", [True, 3.5, "3", "1e5", [3], {"a": 1}, float("nan"), float("inf")])
def test_only_a_whole_number_is_an_int(value: Any):
    assert refusal(Param("n", ParamType.INT), value) == "Write a whole number, such as 3."


@pytest.mark.parametrize("value", ["1e5", "３", "3\n3", "0x10", "1_000", "3.0", "٣", "+", "--3"])
def test_only_plain_digits_are_an_int_in_a_form(value: str):
    assert refusal(Param("n", ParamType.INT), value, form=True) == "Write a whole number, such as 3."


@pytest.mark.parametrize("value", [10**20_000, -(10**20_000), 2**63], ids=["long", "long below zero", "63 bits"])
def test_a_number_of_many_digits_is_refused_in_a_sentence(value: int):
    assert refusal(Param("n", ParamType.INT), value) == "Write a number nearer to zero."
    assert refusal(Param("n", ParamType.FLOAT), 10**20_000) == "Write a number nearer to zero."


def test_a_form_int_is_read_from_its_text():
    assert taken(Param("n", ParamType.INT), " -12 ", form=True) == -12


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (float("nan"), "Write a number, such as 3.5."),
        (float("inf"), "Write a number nearer to zero."),
        (True, "Write a number, such as 3.5."),
        ("3.5", "Write a number, such as 3.5."),
        ("3,5", "Write the number with a point, such as 3.5."),
    ],
)
def test_only_a_finite_number_is_a_float(value: Any, sentence: str):
    assert refusal(Param("x", ParamType.FLOAT), value) == sentence


def test_a_whole_number_is_a_float_too():
    value = taken(Param("x", ParamType.FLOAT), 3)
    assert (value, type(value)) == (3.0, float)


def test_open_ranges_have_their_own_sentence():
    assert refusal(Param("n", ParamType.INT, min=2), 1) == "Choose a number of 2 or more."
    assert refusal(Param("n", ParamType.INT, max=2), 3) == "Choose a number of 2 or less."
    assert refusal(Param("d", ParamType.DATE, min="2026-01-01"), "2025-12-31") == "Choose a date not before 2026-01-01."


@pytest.mark.parametrize("value", [1, 1.5, True, ["x"], {"x": 1}])
def test_text_must_be_sent_as_text(value: Any):
    assert refusal(Param("s", ParamType.STR), value) == "Send this as text."


def test_a_newline_at_the_end_does_not_pass_a_pattern():
    param = Param("s", ParamType.STR, pattern=r"[a-z]+$", multiline=True)
    assert refusal(param, "abc\n").startswith("Write this in the form that is asked for")
    assert refusal(Param("s", ParamType.STR), "abc\n") == "Write this on one line."


def test_nul_lone_surrogates_and_great_length_are_refused_in_sentences():
    param = Param("s", ParamType.STR)
    assert refusal(param, "a\0b") == "Take out the NUL character: a job cannot be given one."
    assert refusal(param, "a\ud800") == "Half of a character is missing here: type or paste the text again."
    assert refusal(param, "x" * 131_073) == "This is longer than 128 KiB: shorten it, or put it into a file."


def test_all_values_together_have_a_limit():
    params = [Param(f"s{n}", ParamType.STR) for n in range(9)]
    with pytest.raises(InvalidInputs) as caught:
        parse(params, {param.name: "x" * 131_072 for param in params})
    assert caught.value.fields == {"": "All values together are longer than 1 MiB: send less, or put it into a file."}


def test_lengths_are_said_with_what_there_is():
    assert refusal(Param("s", ParamType.STR, min_length=3), "a") == "Write at least 3 characters; there is 1."
    assert refusal(Param("s", ParamType.STR, max_length=3), "abcd") == "Write at most 3 characters; there are 4."


def test_a_sentence_never_repeats_a_value():
    hostile = "<script>s3cret"
    for kind in ParamType:
        param = Param("p", kind, choices=(Choice("a"),), max_length=3)
        assert hostile not in refusal(param, hostile if kind is not ParamType.FILE else hostile + "/")


@pytest.mark.parametrize(("text", "value"), [("on", True), ("YES", True), ("", False), ("off", False), ("0", False)])
def test_a_form_says_yes_and_no_in_words(text: str, value: bool):
    assert taken(Param("b", ParamType.BOOL, default=True), text, form=True) is value


def test_of_a_hidden_and_a_checked_box_the_last_counts():
    assert taken(Param("b", ParamType.BOOL), ["", "on"], form=True) is True


def test_an_absent_bool_is_its_default_or_false():
    assert parse([Param("b", ParamType.BOOL, default=True)], {}, form=True) == {"b": True}
    assert parse([Param("b", ParamType.BOOL)], {}) == {"b": False}


@pytest.mark.parametrize("value", [1, 0, "true", "yes", []])
def test_json_says_yes_and_no_with_true_and_false(value: Any):
    assert refusal(Param("b", ParamType.BOOL), value) == "Answer yes or no."


@pytest.mark.parametrize("value", ["2026-02-30", "2026-13-01"])
def test_a_day_that_does_not_exist_is_refused(value: str):
    assert refusal(Param("d", ParamType.DATE), value) == "There is no such day: look at the date again."


@pytest.mark.parametrize("value", ["20261123", "2026-11-23\n", "２０２６-11-23", 5, "2026-W01-1"])
def test_a_date_has_one_form(value: Any):
    sentence = "Write a date as year-month-day, such as 2026-11-23."
    assert refusal(Param("d", ParamType.DATE), value) == sentence


def test_a_moment_gets_its_seconds_and_keeps_its_offset():
    param = Param("m", ParamType.DATETIME)
    assert taken(param, "2026-11-23T09:42") == "2026-11-23T09:42:00"
    assert taken(param, "2026-11-23T09:42:07Z") == "2026-11-23T09:42:07+00:00"


def test_a_moment_with_an_offset_can_be_held_against_a_bound_without_one():
    param = Param("m", ParamType.DATETIME, min="2026-01-01T00:00:00")
    assert taken(param, "2026-11-23T09:42:07+02:00") == "2026-11-23T09:42:07+02:00"
    assert refusal(param, "2025-11-23T09:42:07+02:00") == "Choose a date and time not before 2026-01-01T00:00:00."


@pytest.mark.parametrize("value", [["test"], True, "TEST", "test\n", " test", 0])
def test_a_choice_is_exactly_one_of_its_values(value: Any):
    assert refusal(ENV, value) == "Choose one of: test, staging, production."


def test_true_is_not_the_choice_one():
    param = Param("n", ParamType.CHOICE, choices=(Choice(1), Choice(2)))
    assert refusal(param, True) == "Choose one of: 1, 2."
    assert taken(param, "2", form=True) == 2


def test_choices_come_in_the_order_declared_and_once():
    param = Param("days", ParamType.CHOICES, choices=(Choice("mo"), Choice("tu"), Choice("we")))
    assert taken(param, ["we", "mo", "we"]) == ["mo", "we"]
    assert taken(param, "we, mo", form=True) == ["mo", "we"]
    assert refusal(param, ["su"]) == "Choose only from: mo, tu, we."
    assert refusal(param, "mo") == "Send a list with any of: mo, tu, we."
    assert refusal(param, []) == "Choose at least one."


@pytest.mark.parametrize("value", ["/etc/passwd", "../up", "..", ".hidden", "a\\b", "a\nb", "x" * 256])
def test_an_upload_is_named_and_is_no_path(value: str):
    sentence = "Choose a file again: this is not the name of one that was uploaded."
    assert refusal(Param("f", ParamType.FILE), value) == sentence
    assert parse([Param("f", ParamType.FILE)], {"f": "/tmp/x"}, paths=True) == {"f": "/tmp/x"}


def test_a_required_blank_is_asked_for():
    assert refusal(Param("s", ParamType.STR), "") == "Fill this in."
    assert refusal(Param("d", ParamType.DATE), None) == "Choose a date."
    with pytest.raises(InvalidInputs) as caught:
        parse([ENV], {})
    assert caught.value.fields == {"env": "Choose one."}


def test_an_optional_blank_is_its_default_or_stays_out():
    params = [Param("a", ParamType.INT, required=False), Param("b", ParamType.INT, required=False, default=3)]
    assert parse(params, {"a": "", "b": ""}, form=True) == {"b": 3}
    assert parse(params, {"a": None}) == {"b": 3}


def test_what_may_be_none_and_is_cleared_is_none_and_not_its_default():
    params = [
        Param("s", ParamType.STR, required=False, default="eu", nullable=True),
        Param("n", ParamType.INT, required=False, default=7, nullable=True),
        Param("c", ParamType.CHOICE, required=False, default="x", nullable=True, choices=(Choice("x"), Choice("y"))),
        Param("d", ParamType.DATE, required=False, default="2026-01-01", nullable=True),
        Param("b", ParamType.BOOL, required=False, default=True, nullable=True),
    ]
    none = dict.fromkeys("sncdb")
    assert parse(params, dict.fromkeys(none, ""), form=True) == none
    assert parse(params, none) == none
    assert parse(params, {}) == {"s": "eu", "n": 7, "c": "x", "d": "2026-01-01", "b": True}


def test_a_yes_or_no_that_may_be_neither_is_neither_by_every_way():
    param = Param("b", ParamType.BOOL, required=False)
    assert parse([param], {"b": ""}, form=True) == parse([param], {"b": None}) == parse([param], {}) == {}
    assert taken(param, "no", form=True) is False


def test_an_empty_text_is_an_empty_text():
    plain = Param("s", ParamType.STR, required=False, default="*.log")
    nullable = Param("s", ParamType.STR, required=False, default="*.log", nullable=True)
    assert [parse([plain], {"s": ""}, form=form) for form in (True, False)] == [{"s": ""}, {"s": ""}]
    assert parse([nullable], {"s": ""}) == {"s": ""}
    assert parse([plain], {"s": None}) == {"s": "*.log"}  # it cannot be none
    assert parse([Param("s", ParamType.STR, required=False)], {"s": ""}) == {"s": ""}
    assert refusal(Param("s", ParamType.STR, required=False, default="abc", min_length=2), "").startswith("Write at")
    assert taken(Param("s", ParamType.STR, required=False, default="", min_length=2), "") == ""  # the author said so


def test_what_cannot_be_none_and_is_cleared_is_its_default():
    params = [
        Param("n", ParamType.INT, required=False, default=3),
        Param("d", ParamType.TIME, required=False, default="09:00"),
        Param("s", ParamType.STR, required=False, default="abc", min_length=2),
        Param("p", ParamType.STR, required=False, default="x1", pattern="x[0-9]"),
    ]
    assert parse(params, dict.fromkeys("ndsp", ""), form=True) == {"n": 3, "d": "09:00", "s": "abc", "p": "x1"}


AWKWARD = ("", " in front", "behind ", "1", 1, "true", True, '"1"', '""', "two\nlines", "a,b", 2.5, 12345678.0, "é")


def test_every_choice_that_a_form_offers_arrives_as_what_it_is():
    one = Param("c", ParamType.CHOICE, required=False, choices=tuple(Choice(value) for value in AWKWARD))
    many = Param("c", ParamType.CHOICES, choices=one.choices)
    texts = [sent(one, value) for value in AWKWARD]
    assert len(set(texts)) == len(AWKWARD)
    assert "" not in texts  # which is nothing chosen
    for value, text in zip(AWKWARD, texts, strict=True):
        found = taken(one, text, form=True)
        assert (found, type(found)) == (value, type(value)) == (taken(one, value), type(taken(one, value)))
    assert taken(many, texts, form=True) == list(AWKWARD)


def test_a_choice_is_known_by_its_text_as_well_with_blanks_around_it():
    choices = Param("c", ParamType.CHOICE, choices=(Choice("a "), Choice("b"), Choice("")))
    assert [taken(choices, text, form=True) for text in ("a ", " b ", "", '""')] == ["a ", "b", "", ""]
    assert taken(choices, "") == ""


def test_a_program_may_write_a_whole_number_with_a_point():
    found = taken(Param("n", ParamType.INT), 12.0)
    assert (found, type(found)) == (12, int)
    assert refusal(Param("n", ParamType.INT), 1e300) == "Write a number nearer to zero."
    assert taken(Param("n", ParamType.CHOICE, choices=(Choice(4), Choice(5))), 5.0) == 5


def test_a_large_number_stands_in_a_form_as_it_is():
    assert [as_sent(value) for value in (1234567.0, 2.0, 0.1, 1e22, -3.0)] == ["1234567", "2", "0.1", "1e+22", "-3"]


def test_a_value_that_is_exact_is_not_read_anew_among_texts():
    params = [
        Param("s", ParamType.STR, required=False, default="eu", nullable=True),
        Param("c", ParamType.CHOICE, choices=(Choice(1), Choice("1"))),
        Param("n", ParamType.INT, required=False, default=4, nullable=True),
    ]
    given = {"s": Exact(""), "c": Exact("1"), "n": Exact(None)}
    assert parse(params, given, form=True) == {"s": "", "c": "1", "n": None}


def test_a_secret_is_masked_and_the_fingerprint_knows_no_order():
    params = (Param("key", ParamType.SECRET), Param("n", ParamType.INT))
    task = Task("t", "T", CommandTarget(("true",)), Source("x"), params=params)
    assert mask(task, {"key": "s3cret", "n": 1}) == {"key": MASK, "n": 1}
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1}) != fingerprint({"a": 1, "b": 3})


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.characters(categories=["Cs"])
    | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
PARAMS = [
    Param(kind.value, kind, required=False, choices=(Choice("a"), Choice(1), Choice(True)), min=bound, pattern="[a-z]*")
    for kind, bound in [
        *((kind, None) for kind in ParamType if kind not in (ParamType.DATE, ParamType.TIME, ParamType.DATETIME)),
        (ParamType.DATE, "2026-01-01"),
        (ParamType.TIME, "09:00"),
        (ParamType.DATETIME, "2026-01-01T00:00:00"),
    ]
]
TEXTS = st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]{0,12}(Z|[+-][0-9:]{0,5})?)?|[0-9:]{1,8}|[0-9.eE+-]{1,9}")


@settings(deadline=None)  # a busy machine is no fault of the parser
@given(
    st.dictionaries(st.sampled_from([param.name for param in PARAMS]) | st.text(), ANYTHING | TEXTS, max_size=6),
    st.booleans(),
)
def test_whatever_is_sent_is_inputs_that_json_can_hold_or_sentences(raw: dict[str, Any], form: bool):
    sentences: dict[str, str] = {}
    inputs: Any = {}
    try:
        inputs = parse(PARAMS, raw, form=form)
    except InvalidInputs as error:
        sentences = error.fields
    assert all(sentence.endswith((".", "?")) for sentence in sentences.values())
    json.dumps(sentences, ensure_ascii=False).encode()
    assert json.loads(json.dumps(inputs, allow_nan=False)) == inputs
    json.dumps(inputs, ensure_ascii=False).encode()
    if inputs:
        assert parse(PARAMS, inputs) == inputs
