"""Which tasks the front page shows: all where they are few; of many a group at a time, or what a search finds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from tests.unit.web.test_pages import a_site, plain_text
from tests.unit.web.worlds import a_task

from pushbutton.domain.actor import LOCAL, Actor, Right, Verb
from pushbutton.domain.task import Task
from pushbutton.runtime.ports import RunQuery
from pushbutton.web.views.catalogue import AT_ONCE, ROWS, Marks, Selection, selected
from pushbutton.web.views.find import Haystacks, haystack


def python(count: int, *groups: str) -> str:
    """A file of so many functions."""
    made = [
        f"@task(title='Job {n}', group={groups[n % len(groups)]!r})\ndef job_{n}() -> None:\n    'Does it.'\n"
        for n in range(count)
    ]
    return "\n".join(["from pushbutton import task\n", *made])


def tasks(count: int, *groups: str) -> list[Task]:
    """As a catalogue orders them, group by group."""
    groups = groups or ("",)
    made = [
        replace(a_task(), slug=f"job-{number}", title=f"Job {number}", group=groups[number % len(groups)])
        for number in range(count)
    ]
    return sorted(made, key=lambda task: task.group)


def slugs(found: Sequence[Task]) -> list[str]:
    return [task.slug for task in found]


def test_few_tasks_are_shown_at_once_whatever_page_is_asked_for():
    every = tasks(AT_ONCE, "Access", "Stock")
    shown = selected(every, Selection(page=3, kept=("job-7",)))
    assert (shown.large, shown.pages, list(shown.tasks)) == (False, 1, every)


def test_of_many_the_first_page_has_the_groups_and_what_the_reader_keeps():
    every = tasks(AT_ONCE + 1, "Access", "Stock", "")
    shown = selected(every, Selection(kept=("job-9", "gone", "job-2")))
    assert (shown.large, slugs(shown.tasks)) == (True, ["job-9", "job-2"])
    assert dict(shown.named) == {"Access": 67, "Stock": 67}
    assert (shown.others, shown.total) == (67, 201)


@pytest.mark.parametrize(("group", "count"), [("Access", 75), ("", 75), ("No such group", 0)])
def test_a_group_at_a_time(group: str, count: int):
    shown = selected(tasks(300, "Access", "Stock", "", "Till"), Selection(group=group))
    assert {task.group for task in shown.tasks} <= {group}
    assert (len(shown.tasks), shown.found, shown.pages) == (count, count, 1)


def test_a_group_that_has_many_comes_in_pages_that_hold_each_task_once():
    every = tasks(2 * ROWS + 31, "Stock")
    pages = [selected(every, Selection(group="Stock", page=page)) for page in (1, 2, 3)]
    assert [(page.first, page.last, page.pages) for page in pages] == [(1, 100, 3), (101, 200, 3), (201, 231, 3)]
    assert [task for page in pages for task in page.tasks] == every
    assert selected(every, Selection(group="Stock", page=9)).tasks == pages[2].tasks


def test_a_search_shows_fifty_at_a_time_because_each_letter_draws_them_anew():
    every = tasks(230, "Stock")
    shown = [selected(every, Selection("job", page=page)) for page in (1, 5)]
    assert [(page.first, page.last, page.pages, len(page.tasks)) for page in shown] == [
        (1, 50, 5, 50),
        (201, 230, 5, 30),
    ]


def test_without_groups_the_first_page_has_tasks_and_each_once():
    every = tasks(250)
    shown = selected(every, Selection(kept=("job-7", "job-249")))
    assert slugs(shown.tasks)[:3] == ["job-7", "job-249", "job-0"]
    assert len(set(slugs(shown.tasks))) == len(shown.tasks) == ROWS + 1


def test_a_search_is_over_all_groups_and_counts_in_each():
    every = tasks(600, "Access", "Stock", "Till")
    shown = selected(every, Selection("job 59"))
    assert sorted(slugs(shown.tasks)) == sorted(f"job-{n}" for n in range(600) if "59" in str(n))
    assert dict(shown.groups) == Counter(task.group for task in shown.tasks) == {"Access": 5, "Stock": 5, "Till": 6}
    inside = selected(every, Selection("job 59", group="Till"))
    assert (inside.found, inside.elsewhere, dict(inside.groups)) == (6, 10, dict(shown.groups))


@pytest.mark.parametrize("selection", [
    Selection(),
    Selection("copy & move, Müller@home: 50%"),
    Selection("x", group="", page=3),
    Selection(group="Ops: night, day + more"),
    Selection(kept=("deploy", "job-7")),
])  # fmt: skip
def test_what_is_followed_by_name_is_what_the_page_shows(selection: Selection):
    """The name stands in a list of topics, with commas and blanks between them."""
    assert Selection.named(selection.name) == selection
    assert not set(selection.name) & set(", @:")


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "²", "9" * 30])
def test_a_page_that_is_no_number_is_some_page(page: str):
    shown = selected(tasks(300, "A", "B"), Selection.of({"group": "A", "page": page}))
    assert len(shown.tasks) in (ROWS, 50)


def test_the_address_of_another_page_keeps_what_was_asked():
    asked = Selection.of({"q": " two words ", "group": "A&B", "page": "2"}, pins=("deploy",))
    assert parse_qs(asked.turned(3)) == {"q": ["two words"], "group": ["A&B"], "page": ["3"]}
    assert parse_qs(asked.turned(1)) == {"q": ["two words"], "group": ["A&B"]}
    assert asked.kept == ()


def test_what_is_compared_is_made_once_of_a_task_and_anew_of_another():
    haystacks, task = Haystacks(), a_task()
    first = {task.slug: task}
    haystacks.over(first)
    assert haystacks.of(task) == haystack(task)
    assert haystacks.of(task) is haystacks.of(task)
    other = replace(task, title="Something else")
    haystacks.over({other.slug: other})
    assert haystacks.of(other) == haystack(other)


def test_the_mark_is_another_for_other_tasks_and_for_other_rights():
    marks = Marks()
    every = {task.slug: task for task in tasks(3)}
    viewer = Actor("vic", frozenset({Right(Verb.SEE, "*")}))
    mine, theirs = marks.of(every, every, LOCAL), marks.of(every, every, viewer)
    assert mine != theirs
    assert marks.of(every, every, LOCAL) == mine
    changed = {**every, "job-1": replace(every["job-1"], help="Another help.")}
    assert marks.of(changed, changed, LOCAL) != mine


def titles(html: str) -> list[str]:
    return re.findall(r"<h3><a [^>]*>([^<]*)</a>", html)


def chips(html: str) -> dict[str, str]:
    """Name and count of each group that is led to, and the address."""
    found = re.findall(r'<a class="(?:chip|card)"[^>]*href="([^"]*)"[^>]*>(.*?)</a>', html, re.DOTALL)
    return {plain_text(text): href.replace("&amp;", "&") for href, text in found}


def topics(html: str) -> str:
    found = re.search(r'data-topics="([^"]*)"', html)
    assert found
    return found[1].replace("&amp;", "&")


async def test_the_page_of_many_tasks_leads_through_groups_and_search(tmp_path):
    async with a_site(tmp_path, python(210, "Access", "Stock", "")) as (core, http):
        assert len(core.catalog.tasks()) == 210
        first = (await http.get("/")).text
        assert (titles(first), topics(first)) == ([], "patch:tasks")
        assert chips(first) == {
            "Access 70": "/?group=Access",
            "Stock 70": "/?group=Stock",
            "Everything else 70": "/?group=",
        }
        for href in chips(first).values():
            html = (await http.get(href)).text
            assert len(titles(html)) == 70
            assert topics(html) == f"patch:tasks:{href.partition('?')[2]}"
        found = (await http.get("/?q=job+12")).text
        assert sorted(titles(found)) == sorted(f"Job {n}" for n in range(210) if "12" in str(n))
        assert chips(found)["Access 5"] == "/?group=Access&q=job%2012"
        assert topics(found) == "patch:tasks:q=job+12"
        inside = (await http.get("/?group=&q=job+12")).text
        assert len(titles(inside)) == int(
            next(name for name in chips(inside) if name.startswith("Everything")).split()[-1]
        )
        none = (await http.get("/?q=stok")).text
        assert "Did you mean <a" in none
        assert titles(none) == []
        kept = (await http.get("/", headers={"cookie": "pins=job-3.job-5"})).text
        assert (titles(kept), topics(kept)) == (["Job 3", "Job 5"], "patch:tasks:kept=job-3.job-5")


async def test_what_was_pressed_last_leads_back_to_it_and_rows_or_cards_are_remembered(tmp_path):
    async with a_site(tmp_path, python(30, "Stock")) as (_, http):
        first = (await http.get("/")).text
        assert "Recently pressed" not in first
        assert '<div id="found" class="dense" data-whole>' in first
        for slug in ("job-4", "job-9", "job-4"):
            (await http.post(f"/api/tasks/{slug}/runs", json={})).raise_for_status()
        html = (await http.get("/")).text
        recent = re.search(r'<nav class="recent".*?</nav>', html, re.DOTALL)
        assert recent
        assert re.findall(r'<a [^>]*href="([^"]*)"', recent[0]) == ["/tasks/job-4", "/tasks/job-9"]
        token = re.search(r'name="csrf" value="([^"]*)"', html)
        assert token
        answer = await http.post("/theme", data={"csrf": token[1], "tasks": "cards", "back": "/?group=Stock"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/?group=Stock")
        assert '<div id="found" data-whole>' in (await http.get("/")).text
        await http.post("/theme", data={"csrf": token[1], "tasks": "sideways"})
        assert '<div id="found" data-whole>' in (await http.get("/")).text


async def test_the_page_of_places_leads_to_tasks_runs_and_pages_and_starts_nothing(tmp_path):
    async with a_site(tmp_path, python(30, "Stock")) as (core, http):
        assert "/tasks/job-7" not in (await http.get("/find")).text
        number = (await http.post("/api/tasks/job-7/runs", json={})).json()["number"]
        for query, href in {
            "": "/tasks/job-7", f"#{number}": f"/runs/{number}", str(number): f"/runs/{number}",
            "job 29": "/tasks/job-29", "hist": "/history", "STOCK job 2": "/tasks/job-2",
        }.items():  # fmt: skip
            html = (await http.get("/find", params={"q": query})).text
            assert f'<li><a href="{href}">' in html, query
        html = (await http.get("/find", params={"q": "<b>"}, headers={"accept-language": "de"})).text
        assert "Nichts passt zu „&lt;b&gt;“" in html
        assert [run.task for run in await core.store.runs(RunQuery())] == ["job-7"]


def test_a_name_of_nothing_is_everything():
    for text in ("", "&" * 40, "x=1&" * 40, "page=x&group", "%ff%fe"):
        assert selected(tasks(3), Selection.named(text)).total == 3
