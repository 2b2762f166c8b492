"""Hand-over links: their text, what they are good for, and that they take no more than they have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pushbutton.domain import link as text
from pushbutton.domain.actor import NOBODY, Verb
from pushbutton.domain.person import Link
from pushbutton.domain.policy import Grant, Resource, verbs
from pushbutton.domain.run import RunState
from pushbutton.errors import InvalidInputs, LinkClosed, NoSuchLink, NoSuchRun, NoSuchTask, Refused
from pushbutton.runtime import approve, history, links, press, visibility
from pushbutton.runtime.links import Standing
from pushbutton.runtime.ports import RunQuery, Topics
from pushbutton.runtime.ports.people import AuditQuery
from tests.unit.runtime.worlds import a_core, at, put, somebody

KEY = b"key"
LINK = Link("abc", "deploy", "ada", {"where": "live"}, 100, 1, 0, total=1, note="n")


def test_a_link_is_found_by_its_whole_text_only():
    known = {"abc": LINK}
    whole = text.text(KEY, LINK)
    assert text.find(KEY, known, whole) is LINK
    for wrong in (whole[:-1], f"{whole}x", whole.replace("abc", "abd"), "abc", "abc.", "", ".", f"{whole}.", "é.ü"):
        assert text.find(KEY, known, wrong) is None
    assert text.find(b"other", known, whole) is None


def test_whoever_knows_how_nothing_is_signed_has_no_link():
    assert text.find(KEY, {}, text.text(KEY, text.NOWHERE)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"task": "unlock"},
        {"maker": "eve"},
        {"inputs": {"where": "test"}},
        {"inputs": {}},
        {"until": 101},
        {"total": 2},
        {"made_at": 1},
        {"approvers": 1},
        {"note": "m"},
    ],
)
def test_an_entry_that_was_changed_has_no_valid_link(change):
    assert text.find(KEY, {"abc": replace(LINK, **change)}, text.text(KEY, LINK)) is None


def test_being_used_and_revoked_does_not_change_the_text():
    assert text.text(KEY, replace(LINK, uses=0, revoked=True)) == text.text(KEY, LINK)


async def test_pressing_names_the_link_and_its_maker_and_takes_one_use(tmp_path):
    async with a_core(tmp_path) as core:
        link = await links.make(core, somebody(core), "deploy", {"where": "live"}, uses=2)
        pressed = await links.use(core, link, {"servers": 3}, key="k", address="192.0.2.7")
        assert pressed.made
        assert pressed.run.actor == f"link:{link.id}/ada"
        assert pressed.run.inputs == {"where": "live", "servers": 3, "note": ""}
        assert core.directory.all.links[link.id].uses == 1
        record = (await core.store.audit.records(AuditQuery(verb="run.press")))[0].act
        assert (record.actor, record.address) == (f"link:{link.id}/ada", "192.0.2.7")


async def test_what_is_fixed_counts_whatever_is_sent(tmp_path):
    async with a_core(tmp_path) as core:
        link = await links.make(core, somebody(core), "deploy", {"where": "live", "note": ""}, uses=5)
        run = (await links.use(core, link, {"where": "test", "note": "mine"}, key="k")).run
        assert run.inputs == {"where": "live", "servers": 2, "note": ""}


async def test_the_same_press_again_takes_no_use_also_when_it_was_the_last(tmp_path):
    async with a_core(tmp_path) as core:
        link = await links.make(core, somebody(core), "deploy", {})
        first = await links.use(core, link, {}, key="k")
        used = core.directory.all.links[link.id]
        again = await links.use(core, used, {}, key="k")
        assert (again.run.id, again.made) == (first.run.id, False)
        with pytest.raises(LinkClosed, match="used up"):
            await links.use(core, used, {}, key="another")


async def test_a_stale_link_in_hand_takes_no_use_that_is_not_there(tmp_path):
    """What counts is read inside the transaction, not what somebody looked at before."""
    async with a_core(tmp_path) as core:
        link = await links.make(core, somebody(core), "deploy", {})
        await links.use(core, link, {}, key="one")
        core.directory._seen = replace(core.directory.all, links={link.id: link})  # as another process would have it
        with pytest.raises(LinkClosed):
            await links.use(core, link, {}, key="two")
        assert len(await core.store.runs(RunQuery())) == 1


async def test_what_is_refused_takes_no_use(tmp_path):
    async with a_core(tmp_path) as core:
        link = await links.make(core, somebody(core), "deploy", {})
        with pytest.raises(InvalidInputs):
            await links.use(core, link, {"servers": "many"}, key="k")
        assert core.directory.all.links[link.id].uses == 1
        assert not await core.store.runs(RunQuery())


async def test_a_link_that_is_over_says_why(tmp_path):
    async with a_core(tmp_path) as core:
        link = await links.make(core, somebody(core), "deploy", {"where": "live"})
        ada = core.directory.all.users["ada"]

        def standing(link: Link = link, when: int = 0) -> Standing:
            return links.standing(core, link, when or at())

        assert standing() is Standing.OPEN
        assert standing(when=link.until) is Standing.EXPIRED
        assert standing(replace(link, revoked=True)) is Standing.REVOKED
        assert standing(replace(link, uses=0)) is Standing.USED_UP
        assert standing(replace(link, uses=7)) is Standing.USED_UP  # more than it began with
        assert standing(replace(link, task="gone")) is Standing.TASK_GONE
        assert standing(replace(link, inputs={"where": "mars"})) is Standing.TASK_CHANGED
        assert standing(replace(link, inputs={"whither": None})) is Standing.TASK_CHANGED
        await put(core, replace(ada, disabled=True))
        assert standing() is Standing.MAKER
        await put(core, ada, drop=(Grant("user:ada", "admin"),))
        assert standing() is Standing.MAKER
        with pytest.raises(LinkClosed, match="may not press this any more"):
            await links.use(core, link, {}, key="k")


async def test_a_right_that_is_taken_away_at_the_last_moment_counts(tmp_path):
    async with a_core(tmp_path) as core:
        link = await links.make(core, somebody(core), "deploy", {})
        before = core.directory.all
        await put(core, drop=(Grant("user:ada", "admin"),))
        core.directory._seen = before  # this process has not heard of it
        with pytest.raises(LinkClosed, match="may not press this any more"):
            await links.use(core, link, {}, key="k")


async def test_secrets_and_files_cannot_be_fixed(tmp_path):
    async with a_core(tmp_path) as core:
        with pytest.raises(InvalidInputs) as found:
            await links.make(core, somebody(core), "unlock", {"password": "hunter2", "sheet": "x", "user": "bob"})
        assert set(found.value.fields) == {"password", "sheet"}
        assert "would lie in the store" in found.value.fields["password"]
        assert not core.directory.all.links


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"days": 0}, "link-days"),
        ({"days": 366}, "link-days"),
        ({"uses": 0}, "link-uses"),
        ({"uses": 1001}, "link-uses"),
        ({"approvers": -1}, "link-approvers"),
    ],
)
async def test_bounds_of_a_link(tmp_path, wish, field):
    async with a_core(tmp_path) as core:
        with pytest.raises(InvalidInputs) as found:
            await links.make(core, somebody(core), "deploy", {}, **wish)
        assert list(found.value.fields) == [field]


async def test_who_may_not_press_makes_no_link(tmp_path):
    async with a_core(tmp_path, Grant("user:eve", "viewer", "task:deploy")) as core:
        with pytest.raises(Refused, match="not press it"):
            await links.make(core, somebody(core, "eve"), "deploy", {})
        with pytest.raises(NoSuchTask):
            await links.make(core, somebody(core, "eve"), "unlock", {})


async def test_who_holds_a_link_sees_what_was_pressed_with_it_and_nothing_else(tmp_path):
    async with a_core(tmp_path) as core:
        ada = somebody(core)
        other = (await press.press(core, ada, "deploy", {})).run
        link = await links.make(core, ada, "deploy", {}, uses=2)
        another = await links.make(core, ada, "deploy", {})
        mine = (await links.use(core, link, {}, key="k")).run
        theirs = (await links.use(core, another, {}, key="k")).run
        holder = core.directory.of_link(link, at())
        assert verbs(holder, Resource("deploy", "Deployments")) == {Verb.SEE, Verb.OUTPUT}
        assert (await history.run(core, holder, mine.id)).id == mine.id
        for number in (other.id, theirs.id):
            with pytest.raises(NoSuchRun):
                await history.run(core, holder, number)
        assert [run.id for run in await history.runs(core, holder, RunQuery())] == [mine.id]
        assert [run.id for run in await history.runs(core, holder, RunQuery(actor="ada"))] == [mine.id]
        asked = Topics(frozenset({mine.id, other.id}), frozenset({"deploy"}), everything=True)
        assert await visibility.topics(core.store, core.catalog, holder, asked) == Topics(frozenset({mine.id}))


async def test_a_holder_reads_no_output_that_the_maker_may_not_read(tmp_path):
    async with a_core(tmp_path, gives="press", where="task:deploy") as core:
        link = await links.make(core, somebody(core), "deploy", {})
        run = (await links.use(core, link, {}, key="k")).run
        holder = core.directory.of_link(link, at())
        assert (await history.run(core, holder, run.id)).id == run.id
        with pytest.raises(Refused):
            await history.written(core, holder, run.id)


async def test_a_revoked_link_shows_nothing_and_an_ended_one_its_runs_for_a_day(tmp_path):
    async with a_core(tmp_path) as core:
        link = await links.make(core, somebody(core), "deploy", {})
        assert core.directory.of_link(link, link.until + text.AFTER - 1).known
        assert core.directory.of_link(link, link.until + text.AFTER) == NOBODY
        holder = core.directory.of_link(link, at())
        await links.revoke(core, somebody(core), link.id)
        assert core.directory.again(holder, at()) == NOBODY


async def test_a_link_is_revoked_by_its_maker_and_by_administrators(tmp_path):
    async with a_core(tmp_path, Grant("user:eve", "presser")) as core:
        link = await links.make(core, somebody(core, "eve"), "deploy", {})
        mine = await links.make(core, somebody(core), "deploy", {})
        with pytest.raises(NoSuchLink):
            await links.revoke(core, somebody(core, "eve"), mine.id)
        assert [one.id for one in links.listed(core, somebody(core, "eve"))] == [link.id]
        assert {one.id for one in links.listed(core, somebody(core), everybody=True)} == {link.id, mine.id}
        await links.revoke(core, somebody(core), link.id)
        assert links.standing(core, core.directory.all.links[link.id], at()) is Standing.REVOKED
        assert [one.act.verb for one in await core.store.audit.records(AuditQuery(verb="link"))] == [
            "link.revoke",
            "link.make",
            "link.make",
        ]


async def test_only_its_maker_can_see_a_links_text_again(tmp_path):
    async with a_core(tmp_path, Grant("user:eve", "admin")) as core:
        link = await links.make(core, somebody(core), "deploy", {})
        assert links.find(core, links.shown(core, somebody(core), link)) == link
        assert links.shown(core, somebody(core, "eve"), link) == ""
        assert links.shown(core, replace(somebody(core), within=frozenset()), link) == ""


async def test_a_press_by_a_link_waits_for_others_than_its_maker(tmp_path):
    async with a_core(tmp_path, Grant("user:eve", "approver")) as core:
        link = await links.make(core, somebody(core), "deploy", {}, approvers=1)
        run = (await links.use(core, link, {}, key="k")).run
        assert run.state is RunState.HELD
        with pytest.raises(Refused, match="somebody else"):
            await approve.approve(core, somebody(core), run.id)
        await approve.approve(core, somebody(core, "eve"), run.id)
        assert (await core.store.run(run.id)).state is not RunState.HELD


async def test_a_link_rests_while_nobody_has_named_its_maker_for_long(tmp_path):
    month = 30 * 86_400 * 1_000_000
    async with a_core(tmp_path) as core:
        made = await links.make(core, somebody(core), "deploy", {"where": "live"})
        left = replace(core.directory.all.users["ada"], source="oidc", seen_at=at() - month - 1_000_000)
        await put(core, left)
        assert links.standing(core, made, at()) is Standing.MAKER
        await put(core, replace(left, seen_at=at()))
        assert links.standing(core, made, at()) is Standing.OPEN
