"""Who is let in as what, for how long, and that everybody hears of a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from pushbutton.adapters.memory.people import MemoryAudit, MemoryPeople
from pushbutton.adapters.sqlite import SqliteStore
from pushbutton.domain.actor import LOCAL, NOBODY, Actor, Right, Verb
from pushbutton.domain.audit import Act
from pushbutton.domain.link import AFTER
from pushbutton.domain.person import Entry, Link, Session, Snapshot, Token, User
from pushbutton.domain.policy import EVERYONE, Grant, Resource, decide
from pushbutton.errors import Refused, StorageFull
from pushbutton.runtime import clock
from pushbutton.runtime.directory import HOUR, LOOK, MINUTE, Directory
from pushbutton.runtime.ports.people import Change, People, Work

SECOND = 1_000_000
ADA_ACTOR = Actor("ada")
ADA, EVE = User("ada", "Ada Lovelace"), User("eve", "Eve")
TOKEN = Token("t", "nightly", "ada", (Right(Verb.PRESS),), 0, until=50 * SECOND)
LINK = Link("l", "deploy", "ada", {}, until=50 * SECOND, uses=1, made_at=0)


@asynccontextmanager
async def a_directory(
    *entries: Entry, people: People | None = None, idle: float = 100.0, longest: float = 1000.0, trusted: float = 0,
) -> AsyncIterator[Directory]:  # fmt: skip
    directory = Directory(people or MemoryPeople(MemoryAudit()), idle=idle, longest=longest, trusted=trusted)
    await directory.open()
    await put(directory, *entries)
    try:
        yield directory
    finally:
        await directory.close()


async def put(directory: Directory, *entries: Entry, drop: tuple[Entry, ...] = ()) -> None:
    await directory.change(lambda _: Change(put=entries, drop=drop))


async def begin(
    directory: Directory, at: int = 0, *, pending: bool = False, instead: Session | None = None
) -> tuple[str, Session]:
    act = Act("ada", "session.begin", "user ada", at)
    return await directory.begin(ADA, act, pending=pending, instead=instead)


async def test_while_there_is_nobody_everybody_is_local_and_then_nobody():
    async with a_directory() as directory:
        assert (directory.closed, directory.unnamed(), directory.again(LOCAL, 0)) == (False, LOCAL, LOCAL)
        await put(directory, ADA)
        assert (directory.closed, directory.unnamed(), directory.again(LOCAL, 0)) == (True, NOBODY, NOBODY)


async def test_where_people_are_known_elsewhere_one_signs_in_from_the_start():
    directory = Directory(MemoryPeople(MemoryAudit()), outside=True)
    assert (directory.closed, directory.unnamed()) == (True, NOBODY)


async def test_a_session_counts_until_it_was_not_used_for_a_while():
    async with a_directory(ADA) as directory:
        secret, session = await begin(directory)
        assert directory.session(secret, 100 * SECOND - 1) == session
        assert directory.session(secret, 100 * SECOND) is None
        await directory.touch(session, 90 * SECOND)
        touched = directory.session(secret, 190 * SECOND - 1)
        assert touched
        assert touched.seen_at == 90 * SECOND
        assert directory.session(secret, 190 * SECOND) is None


async def test_a_session_that_is_always_used_ends_all_the_same():
    async with a_directory(ADA) as directory:
        secret, session = await begin(directory)
        for at in range(90, 1000, 90):
            await directory.touch(session, at * SECOND)
        assert directory.session(secret, 1000 * SECOND - 1)
        assert directory.session(secret, 1000 * SECOND) is None


async def test_that_a_session_is_used_is_written_once_a_minute():
    async with a_directory(ADA) as directory:
        _, session = await begin(directory)
        before = directory.all.version
        await directory.touch(session, MINUTE - 1)
        assert directory.all.version == before
        await directory.touch(session, MINUTE)
        assert directory.all.version == before + 1


async def test_a_session_that_was_revoked_is_not_brought_back_by_its_last_use():
    async with a_directory(ADA, TOKEN) as directory:
        secret, session = await begin(directory)
        await put(directory, drop=(session, TOKEN))
        await directory.touch(session, MINUTE)
        await directory.used(TOKEN, MINUTE)
        assert (directory.session(secret, 1), directory.all.sessions, directory.all.tokens) == (None, {}, {})


class _Full(MemoryPeople):
    full = False

    async def change(self, work: Work) -> Snapshot:
        if self.full:
            raise StorageFull
        return await super().change(work)


async def test_a_full_disk_keeps_nobody_from_looking():
    people = _Full(MemoryAudit())
    async with a_directory(ADA, TOKEN, people=people) as directory:
        secret, session = await begin(directory)
        people.full = True
        await directory.touch(session, MINUTE)
        await directory.used(TOKEN, MINUTE)
        assert directory.session(secret, MINUTE) == session


async def test_a_new_session_takes_the_place_of_the_old_one_and_of_those_that_are_over():
    async with a_directory(ADA) as directory:
        over, _ = await begin(directory)
        old, session = await begin(directory, 60 * SECOND)
        new, _ = await begin(directory, 120 * SECOND, instead=session)
        assert len(directory.all.sessions) == 1
        assert new not in (old, over)
        assert directory.session(new, 120 * SECOND)


async def test_the_secret_of_a_session_is_not_kept():
    async with a_directory(ADA) as directory:
        secret, session = await begin(directory)
        assert secret not in repr(session)
        assert directory.session(session.id, 0) is None  # who reads the store has nothing to show


async def test_who_is_disabled_begins_no_session():
    async with a_directory(replace(ADA, disabled=True)) as directory:
        with pytest.raises(Refused, match="may not sign in"):
            await begin(directory)


async def test_a_session_that_waits_for_the_code_is_nobody():
    async with a_directory(ADA, Grant("user:ada", "admin")) as directory:
        secret, session = await begin(directory, pending=True)
        assert directory.session(secret, 0) == session
        assert directory.of_session(session) == NOBODY
        assert directory.all.users["ada"].seen_at == 0


def let_in(directory: Directory, session: Session) -> dict[str, Actor]:
    return {
        "session": directory.of_session(session, "::1"),
        "token": directory.of_token(directory.all.tokens["t"]),
        "link": directory.of_link(directory.all.links["l"], 0),
        "proxy": directory.of_user(directory.all.users["ada"]),
    }


async def test_again_is_the_same_while_nothing_changed():
    async with a_directory(ADA, TOKEN, LINK, Grant("user:ada", "presser")) as directory:
        _, session = await begin(directory)
        for kind, actor in let_in(directory, session).items():
            assert actor.known, kind
            assert directory.again(actor, 1) == actor, kind


@pytest.mark.parametrize("kind", ["session", "token", "link", "proxy"])
@pytest.mark.parametrize("end", ["disabled", "removed"])
async def test_nobody_is_let_in_again_whose_user_is_gone(kind, end):
    async with a_directory(ADA, EVE, TOKEN, LINK, Grant("user:ada", "presser")) as directory:
        actor = let_in(directory, (await begin(directory))[1])[kind]
        await put(directory, *([replace(ADA, disabled=True)] if end == "disabled" else []),
                  drop=(ADA,) if end == "removed" else ())  # fmt: skip
        assert directory.again(actor, 1) == NOBODY


@pytest.mark.parametrize(
    ("kind", "last"),
    [("session", 100 * SECOND - 1), ("token", 50 * SECOND - 1), ("link", 50 * SECOND + AFTER - 1), ("proxy", None)],
)
async def test_nobody_is_let_in_again_when_it_is_over(kind, last):
    async with a_directory(ADA, TOKEN, LINK, Grant("user:ada", "presser")) as directory:
        actor = let_in(directory, (await begin(directory))[1])[kind]
        if last is None:
            assert directory.again(actor, 10**18).known
            return
        assert directory.again(actor, last).known
        assert directory.again(actor, last + 1) == NOBODY


@pytest.mark.parametrize("kind", ["session", "token", "link"])
async def test_nobody_is_let_in_again_by_what_was_revoked(kind):
    async with a_directory(ADA, TOKEN, LINK, Grant("user:ada", "presser")) as directory:
        _, session = await begin(directory)
        actor = let_in(directory, session)[kind]
        if kind == "link":
            await put(directory, replace(LINK, revoked=True))
        else:
            await put(directory, drop=(session if kind == "session" else TOKEN,))
        assert directory.again(actor, 1) == NOBODY


@pytest.mark.parametrize("kind", ["session", "token", "link", "proxy"])
async def test_again_has_the_rights_of_now(kind):
    given = Grant("user:ada", "presser")
    async with a_directory(ADA, TOKEN, LINK, given) as directory:
        actor = let_in(directory, (await begin(directory))[1])[kind]
        seen = Verb.SEE if kind == "link" else Verb.PRESS
        assert decide(actor, seen, Resource("deploy"))
        await put(directory, Grant(EVERYONE, "viewer", "task:other"), drop=(given,))
        again = directory.again(actor, 1)
        assert again.known
        assert not decide(again, seen, Resource("deploy"))


async def test_a_token_is_cut_down_to_its_scope_and_to_its_owner():
    async with a_directory(ADA, TOKEN, Grant("user:ada", "viewer")) as directory:
        actor = directory.of_token(TOKEN)
        assert (actor.name, actor.user) == ("token:ada/nightly", "ada")
        assert not any(decide(actor, verb) for verb in Verb)  # she may not press, it may not look


async def test_groups_and_everybody_give_rights():
    async with a_directory(
        replace(ADA, groups=("ops",)), EVE, Grant("group:ops", "presser"), Grant(EVERYONE, "see")
    ) as directory:
        ada, eve = (directory.actor(user) for user in directory.all.users.values())
        assert (bool(decide(ada, Verb.PRESS)), bool(decide(eve, Verb.PRESS))) == (True, False)
        assert decide(eve, Verb.SEE)


async def test_whom_to_ask_are_those_who_administer_and_may_sign_in():
    users = [User(f"u{n}", f"Nr {n}") for n in range(7)]
    grants = [Grant(f"user:{user.name}", "admin", "task:deploy" if user.name == "u6" else "*") for user in users[1:]]
    async with a_directory(*users, *grants, replace(users[1], disabled=True)) as directory:
        assert directory.whom() == ("Nr 2", "Nr 3", "Nr 4", "Nr 5")
        assert directory.whom(Resource("deploy")) == ("Nr 2", "Nr 3", "Nr 4", "Nr 5", "Nr 6")


async def test_what_another_process_changes_is_seen_within_a_second_and_told(tmp_path):
    ours, theirs = SqliteStore(tmp_path / "history.db"), SqliteStore(tmp_path / "history.db")
    await ours.open()
    await theirs.open()
    heard = asyncio.Event()
    async with a_directory(ADA, people=ours.people) as directory:
        secret, session = await begin(directory)
        end = directory.listen(heard.set)
        await theirs.people.change(lambda _: Change(put=[Grant("user:ada", "presser")], drop=[session]))
        assert LOOK <= 1.0
        async with asyncio.timeout(60):  # a net: a busy machine may take longer for a look
            await heard.wait()
        assert directory.session(secret, 0) is None
        assert decide(directory.actor(ADA), Verb.PRESS)
        end()
        heard.clear()
        await put(directory, EVE)
        assert not heard.is_set()
    await ours.close()
    await theirs.close()


DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("source", "days_ago", "trusted", "counts"),
    [
        ("oidc", 29, 30, True),
        ("oidc", 31, 30, False),
        ("ldap", 31, 30, False),
        ("proxy", 3, 2, False),
        ("local", 400, 30, True),
        ("ldap", 400, 0, True),
    ],
)
async def test_what_people_have_whom_somebody_else_names_counts_for_so_long_after_that(
    source, days_ago, trusted, counts
):
    at = clock.now()
    gone = replace(ADA, source=source, seen_at=at - days_ago * DAY)
    token, link = replace(TOKEN, until=None), replace(LINK, until=at + DAY)
    session = Session("s", "ada", at - DAY, at + DAY, at - SECOND)
    async with a_directory(
        gone, token, link, session, Grant("user:ada", "admin"), trusted=trusted * 86_400
    ) as directory:
        let_in = [directory.of_session(session), directory.of_token(token), directory.of_link(link, at)]
        again = [directory.again(replace(ADA_ACTOR, credential=f"session:{session.id}"), at)]
        assert [actor.known for actor in (*let_in, *again)] == [counts] * 4
        await put(directory, replace(gone, seen_at=at))
        assert directory.of_token(token).known, "once they were named again"


async def test_somebody_whom_a_proxy_names_is_noted_as_seen_once_an_hour():
    at = clock.now()
    user = replace(ADA, source="proxy", seen_at=at - HOUR)
    async with a_directory(user) as directory:
        await directory.named(user, at)
        assert directory.all.users["ada"].seen_at == at
        version = directory.all.version
        await directory.named(directory.all.users["ada"], at + HOUR - 1)
        assert directory.all.version == version
