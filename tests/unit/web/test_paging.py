"""Lists that grow without end come a page at a time, whole and in order, though they change meanwhile."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.acceptance.worlds import script

from pushbutton.domain.actor import Right, Verb
from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Kind
from pushbutton.domain.person import Entry, Link, Session, Token, User
from pushbutton.domain.policy import Grant
from pushbutton.domain.run import NewRun
from pushbutton.domain.token import hashed
from pushbutton.errors import BadInput
from pushbutton.runtime import clock, links
from pushbutton.runtime.directory import MOST_SESSIONS
from pushbutton.runtime.history import PAGE
from pushbutton.runtime.ports import Append
from pushbutton.runtime.ports.people import Change
from pushbutton.testing import opened
from pushbutton.web.application import build
from pushbutton.web.http import paging
from pushbutton.web.pages.people import MOST as PEOPLE
from pushbutton.web.pages.profile import SESSIONS
from pushbutton.web.views.views import WAITING

DAY = 86_400 * 1_000_000
MANY = 120


def link(number: int, at: int, *, maker: str = "ada", revoked: bool = False) -> Link:
    return Link(f"l{number:05}", "nothing", maker, {}, at + DAY, 1, at, revoked=revoked, total=1)


@given(st.lists(st.tuples(st.integers(0, 3), st.text("ab-", min_size=1, max_size=4)), unique=True), st.integers(1, 4))
def test_all_pages_together_are_the_whole_in_order(found, most):
    all_ = [Link(name, "t", "ada", {}, 0, 1, at) for name, at in {name: at for at, name in found}.items()]
    seen, place = list[Link](), ""
    while True:
        page, place = paging.newest(all_, place, most)
        assert len(page) <= most
        seen += page
        if not place:
            break
    assert seen == sorted(all_, key=lambda one: (-one.made_at, one.id))


def test_a_page_goes_on_though_its_last_one_is_gone():
    all_ = [link(number, number) for number in range(10)]
    page, place = paging.newest(all_, "", 4)
    left = [one for one in all_ if one not in page]
    assert paging.newest(left, place, 4)[0] == left[::-1][:4]


@pytest.mark.parametrize("place", ["x", "-", "-x", "1", "1-", "²-x", "9" * 40 + "-x"])
def test_what_is_no_place_is_refused(place):
    with pytest.raises(BadInput):
        paging.newest([link(1, 1)], place, 4)


def world(people: int = 0) -> list[Entry]:
    at = clock.now()
    scope = (Right(Verb.SEE), Right(Verb.ADMIN))
    entries: list[Entry] = [
        User("ada", "Ada", added_at=at), Grant("user:ada", "admin"), Session(hashed("s"), "ada", at, at + DAY, at),
        Token(hashed("t"), "all", "ada", scope, at),
    ]  # fmt: skip
    for number in range(people):
        entries += [User(f"p{number:03}", added_at=at), Grant(f"user:p{number:03}", "viewer")]
    for number in range(MANY):
        entries.append(Token(hashed(f"t{number}"), f"n{number}", "ada", scope, at - number))
        entries.append(link(number, at - number))
        entries.append(Session(hashed(f"s{number}"), "ada", at - number, at + DAY, at - number, agent="Firefox/1"))
    return entries


class Client(httpx.AsyncClient):
    """Ada's browser."""

    async def text(self, path: str) -> str:
        answer = await self.get(path, headers={"accept": "text/html", "cookie": "pushbutton=s"})
        assert answer.status_code == 200, answer.text
        return answer.text


async def client(app) -> Client:
    core = await app.open()
    served = build(core, app.settings)
    return Client(transport=httpx.ASGITransport(app=served), base_url="http://localhost")


async def test_the_api_says_where_more_follow_and_together_it_is_everything(tmp_path):
    async with opened(tmp_path) as app:
        core = await app.open()
        await core.directory.change(lambda _: Change(put=world()))
        async with await client(app) as http:
            for path, count in (("/api/tokens", MANY + 1), ("/api/links?all=1", MANY)):
                seen, place = list[str](), f"{path}{'&' if '?' in path else '?'}limit=50"
                while place:
                    answer = await http.get(place, headers={"cookie": "pushbutton=s"})
                    assert answer.status_code == 200, answer.text
                    assert len(answer.json()) <= 50
                    seen += [one["id"] for one in answer.json()]
                    place = answer.links.get("next", {}).get("url", "")
                assert len(seen) == len(set(seen)) == count
            whole = await http.get("/api/tokens", headers={"cookie": "pushbutton=s"})
            assert len(whole.json()) == MANY + 1
            assert "link" not in whole.headers
            for wrong in ("limit=x", "limit=-1", "before=x"):
                answer = await http.get(f"/api/tokens?{wrong}", headers={"cookie": "pushbutton=s"})
                assert answer.status_code == 400


async def test_pages_show_some_and_the_way_to_the_others(tmp_path):
    async with opened(tmp_path) as app:
        core = await app.open()
        await core.directory.change(lambda _: Change(put=world(people=PEOPLE + 20)))
        async with await client(app) as http:
            for path, word in (("/profile/tokens", "Show older tokens"), ("/profile/links", "Show older links")):
                seen, place = 0, path
                while place:
                    text = await http.text(place)
                    shown = text.count('action="/profile/tokens/revoke"') + text.count('action="/profile/links/revoke"')
                    assert shown <= paging.PAGE
                    seen += shown
                    place = text.partition(word)[0].rpartition('href="')[2].partition('"')[0] if word in text else ""
                assert seen in (MANY, MANY + 1)
            people = await http.text("/people")
            assert people.count('class="go" href="/people/') == PEOPLE
            assert f"{PEOPLE + 21} people" in people
            assert people.count('action="/people/grants"') == PEOPLE + 1
            assert "21 more rights are shown" in people
            rest = await http.text(people.partition("Show more people")[0].rpartition('href="')[2].partition('"')[0])
            assert rest.count('class="go" href="/people/') == 21
            found = await http.text("/people?q=P11")
            assert found.count('class="go" href="/people/') == 10
            assert "Nobody of that name." in await http.text("/people?q=nobody")
            profile = await http.text("/profile")
            assert profile.count("last used") == SESSIONS
            assert f"{MANY + 1 - SESSIONS} more browsers" in profile


async def test_a_few_people_are_shown_as_before(tmp_path):
    async with opened(tmp_path) as app:
        core = await app.open()
        await core.directory.change(lambda _: Change(put=world(people=3)))
        async with await client(app) as http:
            people = await http.text("/people")
            assert people.count('class="go" href="/people/') == 4
            assert "Search in the people" not in people
            assert "more rights" not in people


async def test_what_waits_for_an_approval_comes_a_page_at_a_time(tmp_path):
    script(tmp_path, "careful.sh", "true", head="approvals = 1")
    async with opened(tmp_path) as app:
        core = await app.open()
        await core.directory.change(lambda _: Change(put=world()))
        runs = [(await app.press("careful", "ben")).id for _ in range(WAITING + 5)]
        async with await client(app) as http:
            seen, place = list[int](), "/api/approvals?limit=20"
            while place:
                answer = await http.get(place, headers={"cookie": "pushbutton=s"})
                assert len(answer.json()) <= 20
                seen += [one["number"] for one in answer.json()]
                place = answer.links.get("next", {}).get("url", "")
            assert seen == sorted(runs, reverse=True)
            answer = await http.get("/api/approvals?before=x", headers={"cookie": "pushbutton=s"})
            assert answer.status_code == 400

            first = await http.text("/inbox")
            assert first.count('id="wait-') == WAITING
            assert f'<b class="count">{WAITING}+<' in first, "the header counts no further"
            rest = await http.text(first.partition("Show older runs")[0].rpartition('href="')[2].partition('"')[0])
            assert [f'id="wait-{number}"' in rest for number in runs] == [True] * 5 + [False] * WAITING
            assert 'id="approvals"' not in rest, "what comes live belongs on the first page"


async def test_sessions_of_one_person_are_bounded_and_the_newest_stay(tmp_path):
    async with opened(tmp_path) as app:
        core = await app.open()
        await core.directory.change(lambda _: Change(put=[User("ada"), User("ben")]))
        directory, at = core.directory, clock.now()
        for name, count in (("ben", 1), ("ada", MOST_SESSIONS + 5)):
            for number in range(count):
                act = Act(name, "session.begin", f"user {name}", at + number)
                secret, _ = await directory.begin(directory.all.users[name], act)
        mine = [one for one in directory.all.sessions.values() if one.user == "ada"]
        assert len(mine) == MOST_SESSIONS
        assert min(one.seen_at for one in mine) == at + 5
        assert directory.session(secret, at + count)
        assert len(directory.all.sessions) == MOST_SESSIONS + 1, "nobody else loses any"


async def test_links_that_are_made_and_taken_back_without_end_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "MOST_PAST", 3)
    script(tmp_path, "job.sh", "true")
    async with opened(tmp_path) as app:
        core = await app.open()
        await core.directory.change(lambda _: Change(put=[User("ada"), Grant("user:ada", "admin")]))
        actor = core.directory.of_user(core.directory.all.users["ada"])
        kept = await links.make(core, actor, "job", {})
        for _ in range(8):
            last = await links.make(core, actor, "job", {})
            await links.revoke(core, actor, last.id)
        left = core.directory.all.links
        assert {kept.id, last.id} <= left.keys()
        assert len(left) == 1 + 3 + 1  # those that count, those that are kept, and the one that was made last


EVENTS = 30_000


async def test_thirty_thousand_events_as_json_come_in_pages_and_others_are_answered_between_them(tmp_path):
    async with opened(tmp_path, data=str(tmp_path / "data"), store=None) as app:
        core = await app.open()
        script(tmp_path, "tidy.sh", "echo tidied")
        run = (await core.store.press(NewRun("tidy", title="Tidy", actor="local", inputs={}, at=clock.now()))).run
        for first in range(0, EVENTS, 10_000):
            drafts = [Draft(Kind.STATUS, {"text": str(n)}, 1) for n in range(first, first + 10_000)]
            await core.store.append(Append(run.id, drafts))
        async with await client(app) as http:
            seen, sizes, others = list[str](), list[int](), 0

            async def page(path: str) -> str:
                answer = await http.get(path, headers={"accept": "application/json"})
                assert answer.status_code == 200, answer.text
                sizes.append(len(answer.json()))
                seen.extend(event["data"]["text"] for event in answer.json() if event["kind"] == "status")
                return answer.links.get("next", {}).get("url", "")

            async def walk() -> None:
                place = f"/api/runs/{run.id}/events?limit={EVENTS * 10}"
                while place:
                    place = await page(place)

            walking = asyncio.create_task(walk())
            while not walking.done():
                assert (await http.get("/api/health")).status_code == 200
                others += 1
            await walking
            assert seen == [str(n) for n in range(EVENTS)]
            assert max(sizes) == PAGE
            assert others >= 10
