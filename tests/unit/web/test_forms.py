"""A task's form: from params to fields, and from what was typed back to inputs."""

import re

import pytest
from starlette.datastructures import FormData, QueryParams, UploadFile
from tests.unit.web.worlds import EVERY, NOW, a_task

from pushbutton.domain.inputs import parse
from pushbutton.domain.param import Choice, Param, ParamType
from pushbutton.domain.task import Task
from pushbutton.web.http import favourites
from pushbutton.web.http.viewer import way_back
from pushbutton.web.views import filters, find, forms
from pushbutton.web.views.catalogue import Selection, selected
from pushbutton.web.views.export import cell
from pushbutton.web.views.render import markdown, page
from pushbutton.web.words.i18n import texts

EN = texts("en")
TASK = a_task(*EVERY)
PLAIN = a_task(*(param for param in EVERY if param.type is not ParamType.FILE))
TYPED: list[tuple[str, str | UploadFile]] = [
    ("name", "Maya"), ("note", "one\r\ntwo"), ("number", "3"), ("amount", ""), ("sure", "true"), ("day", "2026-12-01"),
    ("at", "10:00"), ("moment", ""), ("where", "live"), ("version", "1.4"), ("rooms", "a"), ("rooms", "b"),
    ("password", "hunter2"),
]  # fmt: skip


def test_every_kind_of_param_has_its_control():
    assert {field.param.name: field.control for field in forms.fields(TASK)} == {
        "name": "text", "note": "area", "number": "number", "amount": "number", "sure": "tick", "day": "date",
        "at": "time", "moment": "datetime-local", "where": "cards", "version": "select", "rooms": "ticks",
        "sheet": "file", "password": "password",
    }  # fmt: skip


def test_what_was_typed_becomes_the_inputs():
    assert parse(PLAIN.params, forms.raw(PLAIN, FormData(TYPED)), form=True) == {
        "name": "Maya", "note": "one\ntwo", "number": 3, "sure": True, "day": "2026-12-01", "at": "10:00",
        "where": "live", "version": "1.4", "rooms": ["a", "b"], "password": "hunter2",
    }  # fmt: skip


def test_the_defaults_of_the_form_are_the_defaults_of_the_task():
    standing = [
        (field.param.name, value) for field in forms.fields(PLAIN) for value in field.values if value != "false"
    ]
    sent = FormData([*standing, ("name", "ab"), ("where", "test"), ("password", "x")])
    by_form = parse(PLAIN.params, forms.raw(PLAIN, sent), form=True)
    assert by_form == parse(PLAIN.params, {"name": "ab", "where": "test", "password": "x"})


def test_what_was_typed_is_shown_again_but_a_secret_never():
    fields = forms.fields(TASK, forms.of_form(TASK, FormData(TYPED)), {"name": "Too short."})
    assert {field.param.name: field.values for field in fields if field.values} == {
        "name": ("Maya",), "note": ("one\r\ntwo",), "number": ("3",), "amount": ("",), "sure": ("true",),
        "day": ("2026-12-01",), "at": ("10:00",), "moment": ("",), "where": ("live",), "version": ("1.4",),
        "rooms": ("a", "b"),
    }  # fmt: skip
    assert (fields[0].wrong, fields[0].described()) == ("Too short.", "f-name-hint f-name-wrong")


def test_the_inputs_of_a_run_fill_the_form_again():
    inputs = parse(PLAIN.params, forms.raw(PLAIN, FormData(TYPED)), form=True)
    values = forms.of_inputs(PLAIN, inputs)
    sent = FormData([(name, value) for name, given in values.items() for value in given])
    assert parse(PLAIN.params, forms.raw(PLAIN, sent), form=True) == inputs


def test_the_address_fills_in_what_it_names_and_leaves_the_defaults():
    values = forms.prefilled(TASK, QueryParams("number=5&sure=yes&rooms=b&nonsense=1"))
    assert values is not None
    assert (values["number"], values["sure"], values["rooms"], values["at"]) == (("5",), ("true",), ("b",), ("09:42",))


def test_an_address_that_names_nothing_fills_in_nothing():
    assert forms.prefilled(TASK, QueryParams("utm=1")) is None


def test_an_input_that_is_called_like_the_token_of_the_form_is_not_the_token():
    task = a_task(Param("csrf", ParamType.STR, required=False))
    assert forms.raw(task, FormData([("csrf", "the token"), ("in-csrf", "mine")])) == {"csrf": "mine"}
    assert forms.raw(task, FormData([("csrf", "the token")])) == {}


def test_an_empty_file_field_is_no_upload():
    assert "sheet" not in forms.raw(TASK, FormData([("sheet", UploadFile(file=None, filename=""))]))  # type: ignore[arg-type]


def test_a_field_with_a_default_is_not_called_optional():
    with_default, without = (
        Param("a", ParamType.INT, required=False, default=2),
        Param("a", ParamType.INT, required=False),
    )
    assert [field.optional for param in (with_default, without) for field in forms.fields(a_task(param))] == [
        False,
        True,
    ]


def test_a_button_says_what_is_chosen():
    fields = forms.fields(TASK, {"where": ["live"], "sure": ["true"]})
    assert (
        forms.filled("Deploy {version} to {where}, {sure}, {nothing}", fields, EN) == "Deploy … to Live, Yes, {nothing}"
    )


def test_inputs_are_shown_by_their_labels_and_secrets_not_at_all():
    shown = dict(
        forms.facts(TASK, {"where": "live", "rooms": ["a", "b"], "sure": False, "password": "•••", "old": 1}, EN)
    )
    assert shown == {"Where": "Live", "Rooms": "a, b", "Sure": "No", "Password": "not shown", "old": "1"}


def test_a_summary_is_one_short_line():
    line = forms.summary(TASK, {"note": "a\nb " * 90, "number": 3}, EN)
    assert len(line) <= 120
    assert "\n" not in line


# --- around the form


def test_favourites_survive_nonsense():
    assert favourites.read("deploy.<script>.deploy.a-b...") == ("deploy", "a-b")


def test_a_favourite_is_turned_on_and_off():
    assert favourites.turned(("a", "b"), "c", keep=True) == ("a", "b", "c")
    assert favourites.turned(("a", "b"), "a", keep=False) == ("b",)


def test_a_task_is_found_by_every_word_without_accents():
    task = a_task(help="Erzählt *alles* über München.", group="Berichte")
    assert selected([task], Selection("munchen BERICHTE dep")).tasks == (task,)
    assert selected([task], Selection("munchen invoice")).tasks == ()


def test_what_can_be_found_is_shown_with_words_of_each_group():
    titles = {"Send bills": "Office", "Print letters": "Office", "Deploy it": "", "Ask": "Shop", "Count teapots": "Tea"}
    tasks = [a_task(group=group, title=title) for title, group in titles.items()]
    assert find.examples(tasks) == []  # all of them are seen at a glance
    assert find.examples([*tasks, a_task(group="Tea")]) == ["bills", "Deploy", "teapots"]
    alike = [a_task(title="Ask"), *(a_task(title=f"Count {n}") for n in ("cups", "cups", "mugs", "it", "jars"))]
    assert find.examples(alike) == ["cups", "mugs", "Count"]


def test_a_slip_of_the_finger_is_understood():
    assert find.meant("deplpy", [a_task()]) == "deploy"


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\nb"])
def test_the_way_back_stays_on_this_server(path):
    assert way_back(path) == "/"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_cell_is_no_formula(text):
    assert cell(text) == f"'{text}"


def test_a_filter_is_its_own_address():
    chosen = filters.read(
        {"q": " x ", "state": "failed", "time": "week", "who": "Maya", "task": "deploy", "before": "9"}
    )
    assert chosen.url(before=7) == "?q=x&task=deploy&state=failed&who=Maya&time=week&before=7"
    assert chosen.query(NOW, 50).before == 9


def test_a_filter_that_makes_no_sense_filters_nothing():
    assert not filters.read({"state": "gone", "time": "aeon", "before": "-4", "q": " "}).any


def test_help_cannot_bring_scripts():
    html = markdown('<script>x</script> [a](javascript:x) ![i](http://x/y.png) <b onclick="x">b</b> **ok**')
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html
    assert "<b onclick" not in html
    assert "<strong>ok</strong>" in html


def test_choices_of_other_types_are_sent_as_what_they_are():
    task = a_task(Param("n", ParamType.CHOICE, choices=(Choice(1), Choice(2.0), Choice(True, "Yes"))))
    html = page_of(task)
    values = re.findall(r'name="in-n" value="([^"]*)"', html)
    assert [parse(task.params, {"n": value}, form=True)["n"] for value in values] == [1, 2.0, True]


def page_of(task: Task) -> str:
    from types import SimpleNamespace

    from pushbutton.domain.actor import LOCAL, Verb
    from pushbutton.web.views.estimates import Past
    from pushbutton.web.views.views import TaskView

    reader = SimpleNamespace(pins=(), theme="auto", keys=True, actor=LOCAL)
    view = TaskView(task, Past(), NOW, frozenset(Verb))
    return page("task.html", "en", {
        "view": view, "fields": forms.fields(task), "now": NOW, "zone": None, "reader": reader,
        "csrf": "", "closed": False, "admin": False, "approver": False, "inbox_count": 0, "inbox_more": False,
        "topics": "", "since": 0, "version": "", "running": 0, "room": "tasks", "path": "/", "back": "/", "scripts": (),
        "languages": {}, "halted": None, "follows": "", "root": "", "must_say": False, "reason": "",
        "whole": "", "wrong": None, "why": "", "from_run": 0, "faster": None, "more_help": "", "set_aside": 0,
        "scheduled": False,
        "ways": (), "presets": (), "keeps": False, "preset": None, "by_address": False, "refused": (), "starts": "",
        "key": "k", "seen": 0, "uploads": False, "asks": "", "question": "", "button": "", "hand_over": False,
    })  # fmt: skip


def test_a_field_knows_whether_it_is_asked_as_the_others_stand():
    where = Param("where", ParamType.CHOICE, choices=(Choice("test", "Test"), Choice("live", "Live")))
    sure = Param("sure", ParamType.BOOL, when={"where": ["live"]})
    note = Param("note", ParamType.STR, when={"sure": [True]})
    task = a_task(note, where, sure)
    asked = {field.param.name: (field.asked, field.only) for field in forms.fields(task, {"where": ["live"]})}
    assert asked == {"note": (False, "Sure"), "where": (True, ""), "sure": (True, "Live")}
    sure_of_it = forms.fields(task, {"where": ["live"], "sure": ["true"]})
    assert [field.asked for field in sure_of_it] == [True, True, True]
    assert sure_of_it[0].depends == '{"sure": ["true"]}'


def test_a_dry_run_is_no_field_and_is_left_out_of_the_summary():
    task = a_task(Param("dry", ParamType.BOOL), Param("name", ParamType.STR), dry_run="dry")
    assert [field.param.name for field in forms.fields(task)] == ["name"]
    assert forms.summary(task, {"dry": True, "name": "shop"}, texts("en")) == "shop"
