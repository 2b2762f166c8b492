"""The pages without a browser: what they hold, and that every form works without a script."""

import html
import re
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from tests.unit.web.worlds import EVERY, NOW, S, a_run, a_task, events

from pushbutton.domain.actor import LOCAL, Verb
from pushbutton.domain.event import Kind
from pushbutton.domain.param import Param, ParamType
from pushbutton.domain.person import User
from pushbutton.domain.run import BUSY, Run, RunState
from pushbutton.runtime import presets, press
from pushbutton.runtime.ports import RunQuery
from pushbutton.testing import opened
from pushbutton.web.views.estimates import Outlook, Past
from pushbutton.web.views.fragments import run_fragments, task_fragments, tasks_fragments
from pushbutton.web.views.render import markdown, plain
from pushbutton.web.views.run_story import story
from pushbutton.web.views.views import Card, Going, RunView, TasksView, TaskView, Watching
from pushbutton.web.words.people import Names

TASKS = '''
from typing import Annotated, Literal
from pushbutton import Field, status, task

@task(title="Say hello", group="Greetings", button="Greet {name}")
def hello(name: Annotated[str, Field(min_length=2)], loud: bool = False) -> str:
    """Says hello to somebody.

    It **never** shouts.
    """
    status(f"Hello, {name}")
    return f"{name} was greeted"

@task(confirm="Really empty {shelf}?")
def empty(shelf: Literal["left", "right"] = "left") -> None:
    """Empties a shelf."""
'''


class Seen(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def ids(self) -> list[str | None]:
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]


@asynccontextmanager
async def a_site(tmp_path, tasks=TASKS):
    (tmp_path / "tasks.py").write_text(tasks)
    async with (
        opened(tmp_path / "tasks.py", host="127.0.0.1") as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
    ):
        core = await app.open()
        yield core, client
        if await core.store.counts():
            async for _ in app.events(since=0):
                if not await core.store.counts():
                    break


def plain_text(html: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", html).split())


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found
    return found[1]


def check(html: str) -> str:
    """What holds for every page: strict content policy, unique ids, labels that lead somewhere."""
    seen = Seen(html)
    assert [
        attrs for _, attrs in seen.elements if "style" in attrs or any(name.startswith("on") for name in attrs)
    ] == []
    assert [tag for tag, attrs in seen.elements if tag == "style" or (tag == "script" and "src" not in attrs)] == []
    assert [name for name, count in Counter(seen.ids()).items() if count > 1] == []
    pointed = [attrs[key] for _, attrs in seen.elements for key in ("for", "aria-labelledby") if attrs.get(key)]
    assert set(pointed) <= set(seen.ids())
    return html


async def test_every_page_keeps_the_content_policy(tmp_path):
    async with a_site(tmp_path) as (_, client):
        for path in (
            "/",
            "/?q=hello",
            "/?q=zzzz",
            "/tasks/hello",
            "/tasks/empty",
            "/history",
            "/history?state=failed",
            "/runs/77",
        ):
            check((await client.get(path, headers={"accept-language": "de"})).text)


async def test_a_folder_without_tasks_is_named_and_what_could_have_been_meant(tmp_path):
    (tmp_path / "forgot.sh").write_text("#!/bin/sh\n")
    async with opened(tmp_path, data=str(tmp_path / "data")) as app:
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
            page = (await client.get("/")).text
    check(page)
    text = " ".join(plain_text(page).split())
    assert f"Nothing in {tmp_path} is a task yet." in text
    assert "1 file or folder here is no task" in text
    assert f"it begins with “#!”, but may not be executed: chmod +x {tmp_path}/forgot.sh" in text


async def test_the_name_of_what_was_passed_over_hides_nothing(tmp_path):
    (tmp_path / "exe\u202efdp.sh").write_text("#!/bin/sh\n")
    async with opened(tmp_path, data=str(tmp_path / "data")) as app:
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
            page = (await client.get("/")).text
            while "still being read" in page:
                page = (await client.get("/")).text
    assert "\u202e" not in page
    assert page.count("\\u202e") == 2
    assert "exe\\u202efdp.sh" in plain_text(page).replace(" ", "")


async def test_a_press_without_a_script_leads_to_the_run(tmp_path):
    async with a_site(tmp_path) as (core, client):
        form = (await client.get("/tasks/hello")).text
        sent = {
            "press-key": hidden(form, "press-key"),
            "press-seen": hidden(form, "press-seen"),
            "name": "Maya",
            "press-why": "Morning",
        }
        answer = await client.post("/tasks/hello", data=sent)
        assert (answer.status_code, answer.headers["location"]) == (303, "/runs/1")
        run = await core.store.run(1)
        assert (run.inputs, run.why, run.actor) == ({"name": "Maya", "loud": False}, "Morning", "local")
        assert "Morning" in check((await client.get("/runs/1")).text)


async def test_a_press_that_starts_a_run_reads_nothing_that_only_its_form_shows(tmp_path, monkeypatch):
    async with a_site(tmp_path) as (core, client):
        await client.post("/tasks/hello", data={"press-key": "one", "press-seen": "0", "name": "Maya"})
        read, offers = [], []
        runs, offered = core.store.runs, core.catalog.offered

        async def counted(query):
            read.append(query)
            return await runs(query)

        async def told(slug):
            offers.append(slug)
            return await offered(slug)

        monkeypatch.setattr(core.store, "runs", counted)
        monkeypatch.setattr(core.catalog, "offered", told)
        answer = await client.post("/tasks/hello", data={"press-key": "two", "press-seen": "1", "name": "Aiko"})
        assert answer.headers["location"] == "/runs/2"
        assert ([query.states for query in read if query.task == "hello"], offers) == ([BUSY], ["hello"])
        read.clear()
        answer = await client.post("/tasks/hello", data={"press-key": "two", "press-seen": "1", "name": "Aiko"})
        assert answer.headers["location"] == "/runs/2"
        assert [query for query in read if query.task == "hello"] == []


async def test_a_double_press_is_one_run(tmp_path):
    async with a_site(tmp_path) as (_, client):
        sent = {"press-key": "same", "press-seen": "0", "name": "Maya"}
        answers = [await client.post("/tasks/hello", data=sent) for _ in range(2)]
        assert [answer.headers["location"] for answer in answers] == ["/runs/1", "/runs/1"]


async def test_an_error_stands_at_its_field_and_nothing_is_lost_or_started(tmp_path):
    async with a_site(tmp_path) as (core, client):
        answer = await client.post(
            "/tasks/hello", data={"press-key": "k", "name": "M", "loud": "true", "press-why": "Because"}
        )
        html = check(answer.text)
        assert answer.status_code == 422
        assert "Nothing was started." in html
        assert re.search(r'<a href="#f-name">Name</a>: Write at least 2 characters', html)
        assert re.search(r'name="in-name" value="M"[^>]*aria-describedby="f-name-wrong"[^>]*aria-invalid="true"', html)
        assert re.search(r'name="in-loud"[^>]* checked', html)
        assert "Because</textarea>" in html
        assert await core.store.last_event() == 0


async def test_a_form_error_is_said_in_german(tmp_path):
    async with a_site(tmp_path) as (_, client):
        answer = await client.post(
            "/tasks/hello", data={"press-key": "k", "name": "M"}, headers={"accept-language": "de"}
        )
        assert "Schreiben Sie mindestens 2 Zeichen" in answer.text


async def test_a_key_used_for_other_inputs_starts_nothing(tmp_path):
    async with a_site(tmp_path) as (core, client):
        await client.post("/tasks/hello", data={"press-key": "k", "name": "Maya"})
        answer = await client.post("/tasks/hello", data={"press-key": "k", "name": "Aiko"})
        assert answer.status_code == 409
        assert hidden(answer.text, "press-key") != "k"
        with pytest.raises(Exception, match="There is no run 2"):
            await core.store.run(2)


async def test_a_question_must_be_answered_first(tmp_path):
    async with a_site(tmp_path) as (_, client):
        asked = await client.post("/tasks/empty", data={"press-key": "k", "shelf": "right"})
        assert asked.status_code == 422
        assert "Tick that you are sure" in asked.text
        sure = await client.post("/tasks/empty", data={"press-key": "k", "shelf": "right", "press-sure": "yes"})
        assert sure.status_code == 303


async def test_somebody_who_was_faster_is_named_before_a_second_run_waits(tmp_path):
    async with a_site(tmp_path, TASKS.replace("status(f", "import time; time.sleep(20); status(f")) as (core, client):
        first = {"press-key": "one", "press-seen": "0", "name": "Maya"}
        second = {"press-key": "two", "press-seen": "0", "name": "Aiko"}
        assert (await client.post("/tasks/hello", data=first)).status_code == 303
        told = await client.post("/tasks/hello", data=second)
        assert told.status_code == 409
        assert "Somebody was faster." in check(told.text)
        again = await client.post(
            "/tasks/hello", data=second | {"press-seen": hidden(told.text, "press-seen"), "press-key": "three"}
        )
        assert again.headers["location"] == "/runs/2"
        await client.post("/runs/2/stop")
        stopped = await client.post("/runs/1/stop")
        assert stopped.headers["location"] == "/runs/1"
        assert (await core.store.run(1)).stop_by == "local"


async def test_settings_are_kept_in_the_browser(tmp_path):
    async with a_site(tmp_path) as (_, client):
        answer = await client.post(
            "/theme", data={"theme": "dark", "language": "de", "settings": "all", "back": "/history"}
        )
        assert answer.headers["location"] == "/history"
        html = (await client.get("/")).text
        assert '<html lang="de" data-theme="dark">' in html
        assert 'data-keys="off"' in html
        assert "Was soll erledigt werden?" in html


async def test_a_kept_task_comes_first(tmp_path):
    async with a_site(tmp_path) as (_, client):
        await client.post("/favourites", data={"slug": "hello", "keep": "1", "back": "/"})
        html = (await client.get("/")).text
        assert html.index("Yours") < html.index("Say hello")
        assert 'aria-pressed="true"' in html
        await client.post("/favourites", data={"slug": "hello", "keep": "0", "back": "/"})
        assert "Yours" not in (await client.get("/")).text


async def test_pages_of_things_that_are_not_there(tmp_path):
    async with a_site(tmp_path) as (_, client):
        for path, text in (("/runs/99", "There is no run 99"), ("/tasks/helo", "There is no task “helo”")):
            answer = await client.get(path)
            assert (answer.status_code, text in answer.text) == (404, True)


async def test_our_own_fault_has_a_number_and_says_what_was_started(tmp_path, monkeypatch, caplog):
    async with a_site(tmp_path) as (core, client):

        async def broken(*_: object) -> None:
            raise RuntimeError("boom")

        monkeypatch.setattr(core.store, "runs", broken)
        answer = await client.get("/history")
        number = re.search(r'class="num">([A-Z0-9]{3}-[A-Z0-9]{3})<', answer.text)
        assert answer.status_code == 500
        assert number
        assert number[1] in caplog.text
        assert "nothing was started or changed" in answer.text
        assert "boom" not in answer.text


async def test_the_history_as_a_table_is_safe_in_a_spreadsheet(tmp_path):
    async with a_site(tmp_path) as (_, client):
        await client.post("/tasks/hello", data={"press-key": "k", "name": "Maya", "press-why": "=cmd()"})
        table = (await client.get("/history.csv")).text
        assert table.startswith("\ufeffrun,task,title")
        assert "'=cmd()" in table


async def test_what_a_task_says_is_text_and_never_markup(tmp_path):
    async with a_site(tmp_path) as (_, client):
        await client.post("/tasks/hello", data={"press-key": "k", "name": "<img src=x onerror=alert(1)>"})
        for path in ("/runs/1", "/history", "/?q=<script>", "/tasks/hello?name=%22%3E%3Cscript%3E"):
            html = check((await client.get(path)).text)
            assert "<img src=x" not in html
            assert "<script>" not in html


# --- fragments

MAY = frozenset(Verb)


def a_view(run: Run, *said: tuple[float, Kind, dict[str, Any]]) -> RunView:
    told = story(run, events(run, *said))
    return RunView(run, None, told, Past(), Outlook(percent=62.0, reported=True), (), NOW, MAY)


def test_an_only_update_that_the_headline_says_already_is_not_said_twice():
    once, twice = (a_view(a_run(), *[(n, Kind.STATUS, {"text": "Hello"}) for n in range(count)]) for count in (1, 2))
    assert 'id="run-updates" open hidden>' in run_fragments(once)["run-updates"]
    assert 'id="run-updates" open>' in run_fragments(twice)["run-updates"]


def test_an_estimate_says_its_percent_as_well():
    guess = replace(a_view(a_run()), outlook=Outlook(percent=41.7, by_time=True))
    assert "<b data-percent>41" in run_fragments(guess)["run-hero"]


def test_which_steps_come_is_known_after_one_run_and_how_long_they_take_after_three():
    told = story(a_run(), [], {"Check": 10.0, "Copy": 60.0})
    assert [step.usual for step in told.steps] == [10.0, 60.0]
    assert [(step.name, step.usual) for step in told.without_usual().steps] == [("Check", None), ("Copy", None)]


@pytest.mark.parametrize("state", list(RunState))
def test_a_run_has_the_same_parts_in_every_state(state):
    run = a_run(state=state, status="Hello")
    parts = run_fragments(
        a_view(run, (1, Kind.STATUS, {"text": "Hello"}), (2, Kind.STEP, {"name": "A", "state": "running"}))
    )
    assert {name for name, html in parts.items() if name not in Seen(html).ids()} == set()
    assert list(parts) == [
        "title", "tab", "run-state", "run-lead", "run-acts", "run-hero", "run-needs", "run-tries", "run-counts",
        "run-plan", "run-results", "run-steps", "run-changed", "run-updates", "run-over-time", "run-facts",
        "run-stop-say", "run-comments",
    ]  # fmt: skip


def test_parts_of_the_catalogue_and_of_a_task():
    run, task = a_run(), a_task(*EVERY)
    past = Past((run, *(a_run(n, RunState.SUCCEEDED) for n in range(4))))
    view = TasksView((Card(task, past, MAY),), (Going(run, story(run, ()), Outlook()),), NOW)
    parts = tasks_fragments(view) | task_fragments(TaskView(task, past, NOW, MAY))
    assert list(parts) == [
        "now",
        "running",
        "catalogue",
        "foot-deploy",
        "busy",
        "next-moments",
        "last-runs",
        "run-chart",
    ]
    assert {name for name, html in parts.items() if name not in Seen(html).ids()} == set()


def test_parts_speak_the_language_of_who_watches():
    assert "Läuft" in run_fragments(a_view(a_run()), "de")["run-state"]


def test_a_question_and_survivors_are_shown():
    asking = a_view(a_run(state=RunState.ASKING), (1, Kind.QUESTION, {"id": "q", "text": "Go on?", "choices": ["yes"]}))
    assert "Go on?" in run_fragments(asking)["run-hero"]
    left = replace(a_run(state=RunState.CANCELLED), survivors=("4711 rsync",))
    assert "4711 rsync" in run_fragments(a_view(left))["run-hero"]


def test_the_queue_says_how_many_are_before():
    run = a_run(44, RunState.WAITING)
    view = replace(a_view(run), ahead=(a_run(42), a_run(43, RunState.WAITING)),
                   past=Past(tuple(a_run(n, RunState.SUCCEEDED, lasted=180) for n in range(3))))  # fmt: skip
    hero = run_fragments(view)["run-hero"]
    assert "2 runs are before this one" in hero
    assert "about 6 minutes" in hero


def test_a_long_story_is_cut_and_says_so():
    run = a_run()
    parts = run_fragments(a_view(run, *((n / S, Kind.STATUS, {"text": f"say {n}"}) for n in range(300))))
    assert parts["run-updates"].count("<li") == 100
    assert "All 300 updates" in parts["run-updates"]
    view = replace(a_view(run, *((n / S, Kind.STATUS, {"text": f"say {n}"}) for n in range(300))), own=True)
    assert "the last 100 of 300" in run_fragments(view)["run-updates"]  # for who sees no other page of it


def test_the_parts_lead_to_where_the_pages_lie():
    run, task = a_run(state=RunState.SUCCEEDED), a_task()
    past = Past((run,))
    parts = tasks_fragments(
        TasksView((Card(task, past, MAY),), (Going(run, story(run, ()), Outlook()),), NOW), root="/b"
    )
    parts |= task_fragments(TaskView(task, past, NOW, MAY), root="/b") | run_fragments(a_view(run), root="/b")
    links = re.findall(r'(?:href|action|src)="([^#"]+)', "".join(parts.values()))
    assert links
    assert [link for link in links if not link.startswith("/b/")] == []


def test_a_dry_run_says_so_in_the_word_of_its_state():
    task = a_task(Param("dry", ParamType.BOOL), dry_run="dry")
    run = a_run(state=RunState.SUCCEEDED, inputs={"dry": True})
    view = replace(a_view(run), task=task)
    assert "Dry run, all well" in run_fragments(view)["run-state"]
    assert "Probelauf, alles gut" in run_fragments(view, "de")["run-state"]
    assert "Dry run" not in run_fragments(replace(view, run=replace(run, inputs={"dry": False})))["run-state"]
    assert "Dry run, all well" in task_fragments(TaskView(task, Past((run,)), NOW, MAY))["last-runs"]


def test_a_run_says_who_looks_only_while_it_goes_on():
    looking = Watching(("ada", "bob"), others=1)
    names = Names({"ada": User("ada", "Ada Lovelace")})
    view = replace(a_view(a_run()), watching=looking)
    going = plain_text(run_fragments(view, names=names)["run-facts"])
    assert "AL B Ada Lovelace , bob and 1 other" in going
    over = replace(a_view(a_run(state=RunState.SUCCEEDED)), watching=looking)
    assert "Watching" not in run_fragments(over, names=names)["run-facts"]


def test_where_nobody_is_known_the_count_says_that_it_counts_the_reader():
    alone, three = (replace(a_view(a_run()), watching=Watching(others=n)) for n in (1, 3))
    assert "Only this browser" in run_fragments(alone)["run-facts"]
    assert "3 browsers, this one among them" in run_fragments(three)["run-facts"]


def test_who_holds_a_link_is_not_told_who_looks():
    view = replace(a_view(a_run()), watching=Watching(("ada",), others=1), own=True)
    told = run_fragments(view, names=Names({"ada": User("ada", "Ada Lovelace")}))["run-facts"]
    assert "2 browsers" in told
    assert "ada" not in told.lower()


def test_nothing_that_was_rendered_of_help_texts_is_kept_for_ever():
    assert (markdown.cache_info().maxsize, plain.cache_info().maxsize) == (256, 256)


async def test_the_history_shows_numbers_and_leads_to_the_run_that_is_named(tmp_path):
    async with a_site(tmp_path) as (_, client):
        for _ in range(2):
            form = await client.get("/tasks/hello")
            sent = {"name": "Ann", "press-key": hidden(form.text, "press-key")}
            await client.post("/tasks/hello", data=sent)
        listed = (await client.get("/history")).text
        named = (await client.get("/history", params={"q": "#1"})).text
        nothing = (await client.get("/history", params={"q": "77"})).text
    assert re.findall(r'<td class="r muted number">(\d+)</td>', listed) == ["2", "1"]
    assert '<a id="jump" href="/runs/1">' in named
    assert 'id="jump"' not in nothing + listed


async def test_a_view_of_the_history_is_kept_under_a_name_and_renamed_and_removed(tmp_path):
    async with a_site(tmp_path) as (_, client):
        whole = (await client.get("/history")).text
        assert "Save this view" not in whole
        sent = {
            "csrf": hidden(whole, "csrf"),
            "name": "Failed <b>lately</b>",
            "query": "?time=week&state=failed&before=7&x=1",
        }
        kept = await client.post("/history/views", data=sent)
        assert kept.headers["location"] == "/history?state=failed&time=week"
        shown = (await client.get(kept.headers["location"])).text
        chip = '<a class="chip" href="/history?state=failed&amp;time=week" aria-current="true">'
        assert chip in shown
        assert "Failed &lt;b&gt;lately&lt;/b&gt;</a>" in shown
        assert chip.replace(' aria-current="true"', "") in (await client.get("/history?state=lost")).text
        nameless = await client.post("/history/views", data={**sent, "name": " "})
        assert "Give it a name by which it is found again." in nameless.text
        [gone] = re.findall(r'action="(/history/views/\w+/remove)"', shown)
        await client.post(gone, data={"csrf": sent["csrf"]})
        assert 'class="chip"' not in (await client.get("/history")).text


async def test_a_form_is_filled_in_by_the_last_time_a_preset_and_an_address(tmp_path):
    async with a_site(tmp_path) as (core, client):
        await press.press(core, LOCAL, "hello", {"name": "Ada", "loud": True})
        page = (await client.get("/tasks/hello")).text
        assert 'href="/tasks/hello?from-run=1">Same as my last time</a>' in page
        form = {"in-name": "Bob", "csrf": hidden(page, "csrf")}
        asked = (await client.post("/tasks/hello/presets", data=form)).text
        assert "For everybody who may press it" not in asked  # nobody signs in: it is everybody's
        kept = {name: html.unescape(hidden(asked, name)) for name in ("csrf", "preset-inputs", "preset-everybody")}
        refused = await client.post("/tasks/hello/presets", data={**kept, "preset-name": " "})
        assert refused.status_code == 422
        assert "Give it a name by which it is found again." in refused.text
        made = await client.post("/tasks/hello/presets", data={**kept, "preset-name": "For <b>Bob</b>"})
        filled = (await client.get(made.headers["location"])).text
        assert 'name="in-name" value="Bob"' in filled
        assert "Filled in with the preset “For &lt;b&gt;Bob&lt;/b&gt;”. Nothing is started until you press." in filled
        preset = presets.of_task(core, LOCAL, "hello")[0]
        await client.post(f"/tasks/hello/presets/{preset.id}/remove", data={"csrf": hidden(filled, "csrf")})
        assert presets.of_task(core, LOCAL, "hello") == []
        by_address = (await client.get("/tasks/hello?name=Cy")).text
        assert 'name="in-name" value="Cy"' in by_address
        assert "Filled in by the address." in by_address
        assert [run.id for run in await core.store.runs(RunQuery())] == [1]
