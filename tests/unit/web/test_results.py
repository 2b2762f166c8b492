"""What a page shows of the results of a run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from pushbutton.domain.actor import LOCAL
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.result import MOST, Figure, Result, Text, results
from pushbutton.domain.run import Run, RunState
from pushbutton.job import shapes
from pushbutton.runtime.results import Before
from pushbutton.web.views import chart_layout
from pushbutton.web.views.render import environment
from pushbutton.web.views.result_cards import ResultCard, cards
from pushbutton.web.words.i18n import texts
from pushbutton.web.words.results import change, figure, sentence


def event(data: dict[str, Any], number: int = 1, kind: Kind = Kind.RESULT) -> Event:
    return Event(number, 7, "job", number, kind, data)


def given(*data: dict[str, Any]) -> tuple[Result, ...]:
    """As a job says them."""
    return results(event(kept) for one in data for kept in shapes.read(one)).all


def compared(now: Figure, then: Figure) -> ResultCard:
    earlier = Run(6, "job", "Job", RunState.SUCCEEDED, epoch=1, actor=LOCAL.name, inputs={}, pressed_at=1)
    (card,) = cards([now], (), Before(earlier, {then.title: then}))
    return card


def said(now: Figure, then: Figure, language: str = "en") -> tuple[str, bool | None]:
    (shown,) = compared(now, then).figures
    assert shown.change
    found = shown.change
    return change(found.by, found.form, texts(language), more=found.more), found.good


# -- which, and where


def test_one_of_the_same_title_takes_the_place_of_the_one_before():
    found = given(
        {"type": "figure", "title": "A", "value": 1},
        {"type": "figure", "title": "B", "value": 2},
        {"type": "figure", "title": "A", "value": 3},
    )
    assert found == (Figure("A", 3), Figure("B", 2))


def test_results_beyond_the_hundredth_are_left_out_and_it_says_so():
    found = results(event({"type": "figure", "title": str(n), "value": n}) for n in range(MOST + 3))
    assert (len(found.all), found.left_out) == (MOST, 3)


def test_what_another_version_wrote_is_passed_over():
    assert results([event({"type": "map", "title": "X"}), event({})]).all == ()


def test_figures_that_follow_each_other_are_one_card_and_what_would_stand_alone_is_wide():
    bar: dict[str, Any] = {"type": "chart", "form": "bar", "series": [{"values": [1]}]}
    found = given(
        {"type": "figure", "title": "A", "value": 1}, {"type": "figure", "title": "B", "value": 1},
        {"title": "1", **bar}, {"title": "2", **bar}, {"title": "3", **bar},
        {"type": "text", "title": "T", "markdown": "x"}, {"type": "figure", "title": "C", "value": 1},
    )  # fmt: skip
    made = cards(found, (), None)
    assert [(len(card.figures), card.wide) for card in made] == [
        (2, True), (0, False), (0, False), (0, True), (0, True), (1, True)
    ]  # fmt: skip


# -- what became of a figure


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (1338200, 1235600, "8.3 % more"),
        (50, 100, "50 % less"),
        (3, 1, "2 more"),
        (1, 3, "2 less"),
        (7, 0, "7 more"),
        (5, 5, "as before"),
        (10_000, 9_999, "under 0.1 % more"),
        (1e300, 1, "1e+300 more"),
    ],
)
def test_a_change_is_a_word_and_a_number(now, then, words):
    assert said(Figure("X", now), Figure("X", then))[0] == words


def test_a_share_changes_by_points():
    assert said(Figure("X", 3.8, "%", "less"), Figure("X", 4.2, "%")) == ("0.4 points less", True)
    assert said(Figure("X", 3.8, "%"), Figure("X", 4.2, "%"), "de") == ("0,4 Punkte weniger", None)


@pytest.mark.parametrize(("better", "good"), [("more", True), ("less", False), ("", None)])
def test_only_the_job_says_whether_a_change_is_good(better, good):
    assert said(Figure("X", 20, "", better), Figure("X", 10))[1] is good


@pytest.mark.parametrize("then", [Figure("Y", 1), Figure("X", "one"), Figure("X", 1, "kg")])
def test_what_cannot_be_compared_has_no_change(then):
    (shown,) = compared(Figure("X", 2), then).figures
    assert shown.change is None


@pytest.mark.parametrize(
    ("value", "unit", "english", "german"),
    [
        (1338200, "€", "€1,338,200", "1.338.200\N{NO-BREAK SPACE}€"),
        (-5, "€", "−€5", "−5\N{NO-BREAK SPACE}€"),
        (3.8, "%", "3.8\N{NO-BREAK SPACE}%", "3,8\N{NO-BREAK SPACE}%"),
        (10**20, "", "1e+20", "1e+20"),
        (1e-9, "", "1e-09", "1e-09"),
        ("a\u202eb", "", "a\\u202eb", "a\\u202eb"),
    ],
)
def test_a_figure_is_written_for_its_reader(value, unit, english, german):
    assert (figure(value, unit, texts("en")), figure(value, unit, texts("de"))) == (english, german)


# -- charts


def drawn(form: str, *series: list[Any], labels: list[str] | None = None) -> Any:
    data = {
        "type": "chart",
        "title": "C",
        "form": form,
        "labels": labels or [],
        "series": [{"values": one} for one in series],
    }
    (found,) = given(data)
    return found


def test_a_line_has_a_gap_where_there_is_no_value_and_a_dot_for_one_alone():
    made = chart_layout.lines(drawn("line", [1, 2, None, 3, None, 4, 5]))
    assert made.paths[0].count("M") == 2
    assert [point.value for point in made.alone] == [3]
    assert [tick.value for tick in made.ticks] == [0, 2, 4, 6]


@pytest.mark.parametrize("values", [[0], [0, 0], [None, None], [-3, -1], [1e299, -1e299], [5], [1e-300, 2e-300]])
def test_every_chart_lies_within_its_frame(values):
    made = chart_layout.lines(drawn("line", values))
    places = [float(number) for number in re.findall(r"-?[\d.]+(?:e[+-]?\d+)?", "".join(made.paths))]
    assert all(0 <= place <= chart_layout.WIDTH for place in places)
    assert all(0 <= tick.y <= chart_layout.HEIGHT for tick in made.ticks)
    for row in chart_layout.bars(drawn("bar", values)).rows:
        assert all(bar.x >= 0 and bar.end <= 100.01 for bar in row.bars)


def test_a_bar_below_zero_ends_at_zero():
    (row,) = chart_layout.bars(drawn("bar", [-1], [3])).rows
    assert [(bar.x, bar.end) for bar in row.bars] == [(0, 25), (25, 100)]


def test_a_chart_is_a_sentence_for_who_does_not_see_it():
    line = drawn("line", [36, 55, 47], labels=["1 Oct", "2 Oct", "3 Oct"])
    assert sentence(line, texts("en")) == (
        "C: It goes from 36 (1 Oct) to 47 (3 Oct); highest 55 (2 Oct), lowest 36 (1 Oct)."
    )
    assert sentence(drawn("bar", [*range(14)]), texts("en")).endswith("12 11, and 2 more.")


# -- what comes from elsewhere stays text

ATTACKS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg onload=alert(1)>",
    "{{ 7 * 7 }}",
    "</title></style><b>",
    "a\u202egnp.exe",
    "\u200bhidden",
    "javascript:alert(1)",
    "' style='x",
]
MARKDOWN = [
    "[x](javascript:alert(1))",
    "<iframe src=//evil></iframe>",
    "![x](http://evil/p.png)",
    "[x](data:text/html,<b>)",
    "<a href='x' onclick='y'>z</a>",
    "<style>*{}</style>",
]


def page(*found: Result) -> str:
    class View:
        results = cards(found, (), None)
        before = None

        class story:  # noqa: N801
            left_out = False

        class run:  # noqa: N801
            id = 7

    parts: Any = environment("en").get_template("results_parts.html").make_module({"root": "", "now": 0, "zone": None})
    return str(parts.results(View))


OURS = {
    "div", "section", "h2", "dl", "dt", "dd", "svg", "use", "line", "text", "path", "circle", "rect", "details", "p",
    "summary", "table", "thead", "tbody", "tr", "th", "td", "span", "ul", "li", "defs", "pattern",
}  # fmt: skip
"""The elements of which results are made."""


def elements(html: str) -> dict[str, set[str]]:
    """The names of all attributes, by element."""
    found: dict[str, set[str]] = {}

    class Reading(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.setdefault(tag, set()).update(name for name, _ in attrs if tag != "use" or name != "href")

    Reading().feed(html)
    return found


@pytest.mark.parametrize("text", ATTACKS)
def test_names_and_cells_stay_text(text):
    html = page(
        *given(
            {"type": "figure", "title": text, "value": text, "unit": text},
            {"type": "table", "title": text, "columns": [text], "rows": [[text]]},
            {"type": "chart", "title": text, "labels": [text], "unit": text, "series": [{"name": text, "values": [1]}]},
            {"type": "chart", "form": "bar", "title": text + "2", "labels": [text], "series": [{"values": [1]}]},
            {"type": "text", "title": text, "markdown": text},
        )
    )
    assert elements(html).keys() <= OURS | {"a"}
    assert re.findall(r'<a [^>]*href="([^"]*)"', html) == ["/api/runs/7/tables/2"]
    assert not {"style", "src", "onload", "onerror", "onclick"} & {
        name for names in elements(html).values() for name in names
    }
    assert "\u202e" not in html
    assert "\u200b" not in html


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_has_no_html_of_its_own_and_links_only_where_links_may_lead(text):
    html = page(Text("T", text))
    made = elements(html)
    assert made.keys() <= OURS | {"a"}
    assert not {"href", "onclick"} & made.get("a", set())


def test_a_link_of_markdown_leads_to_a_page_or_a_mailbox():
    html = page(Text("T", "[a](https://example.org) [b](mailto:ada@example.org)"))
    assert 'href="https://example.org" rel="noopener noreferrer"' in html
    assert 'href="mailto:ada@example.org"' in html


def test_a_chart_has_its_numbers_and_no_style():
    html = page(drawn("line", [1, 2]), drawn("bar", [1], [2], [3], [4]))
    assert html.count("Show the numbers") == 2
    assert not any("style" in names for names in elements(html).values())
    assert {f"b{n}" for n in range(1, 5)} <= set(re.findall(r"bar (b\d)", html))
