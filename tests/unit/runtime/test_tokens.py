"""Tokens: who makes them, what they may do, and what is kept of them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pushbutton.domain.actor import LOCAL, NOBODY, Actor, Right, Verb
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant, Resource, decide, directly, in_person, verbs
from pushbutton.domain.token import hashed, is_personal, personal
from pushbutton.errors import InvalidInputs, NoSuchToken, Refused
from pushbutton.runtime import links, tokens
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports.people import AuditQuery
from tests.unit.runtime.worlds import a_core, at, put, somebody

DEPLOY = Resource("deploy", "Deployments")


def everything() -> frozenset[Right]:
    return tokens.scope(Verb, ["*"])


def as_token(core: Core, text: str) -> Actor:
    token = core.directory.token(text, at())
    return core.directory.of_token(token) if token else NOBODY


def test_a_token_is_told_from_what_only_looks_like_one():
    text = personal()
    assert re.fullmatch(r"pbt_[0-9A-Za-z]{42}", text)
    assert is_personal(text)
    wrong = "A" if text[10] != "A" else "B"
    assert not is_personal(text[:10] + wrong + text[11:])
    assert not is_personal(text[:-1])
    assert not is_personal("pbt_" + "0" * 42)


async def test_a_token_lets_its_owner_in_and_only_its_hash_is_kept(tmp_path):
    async with a_core(tmp_path) as core:
        text, token = await tokens.make(core, somebody(core), "nightly", everything())
        assert as_token(core, text).name == "token:ada/nightly"
        assert token.id == hashed(text)
        assert text not in repr(core.directory.all)
        assert text.endswith(token.hint)


async def test_a_token_ends_after_ninety_days_unless_somebody_says_never(tmp_path):
    async with a_core(tmp_path) as core:
        text, token = await tokens.make(core, somebody(core), "usual", everything())
        assert token.until
        assert token.until - token.made_at == 90 * tokens.DAY
        assert core.directory.token(text, token.until - 1)
        assert core.directory.token(text, token.until) is None
        _, lasting = await tokens.make(core, somebody(core), "lasting", everything(), None)
        assert lasting.until is None


async def test_a_scope_gives_nothing_that_its_owner_has_not_and_loses_what_they_lose(tmp_path):
    async with a_core(tmp_path, gives="presser", where="task:deploy") as core:
        text, _ = await tokens.make(core, somebody(core), "all", everything())
        assert verbs(as_token(core, text), DEPLOY) == {Verb.SEE, Verb.OUTPUT, Verb.PRESS, Verb.STOP}
        assert verbs(as_token(core, text), Resource("unlock")) == set()
        await put(core, drop=(Grant("user:ada", "presser", "task:deploy"),))
        assert verbs(as_token(core, text), DEPLOY) == set()


async def test_a_scope_cuts_down_what_its_owner_has(tmp_path):
    async with a_core(tmp_path) as core:
        text, _ = await tokens.make(core, somebody(core), "one", tokens.scope([Verb.PRESS], ["task:deploy"]))
        assert verbs(as_token(core, text), DEPLOY) == {Verb.SEE, Verb.PRESS}
        assert verbs(as_token(core, text), Resource("unlock")) == set()
        assert not decide(as_token(core, text), Verb.ADMIN)
        text, _ = await tokens.make(core, somebody(core), "group", tokens.scope([Verb.STOP], ["group:Deployments"]))
        assert verbs(as_token(core, text), DEPLOY) == {Verb.SEE, Verb.STOP}


async def test_the_token_of_somebody_disabled_or_removed_lets_nobody_in(tmp_path):
    async with a_core(tmp_path) as core:
        text, _ = await tokens.make(core, somebody(core), "ci", everything())
        user = core.directory.all.users["ada"]
        await put(core, replace(user, disabled=True))
        assert as_token(core, text) == NOBODY
        await put(core, drop=(user,))
        assert as_token(core, text) == NOBODY


async def test_no_token_and_no_link_makes_tokens_or_links_whatever_its_scope(tmp_path):
    async with a_core(tmp_path) as core:
        text, _ = await tokens.make(core, somebody(core), "admin", everything())
        token = as_token(core, text)
        assert decide(token, Verb.ADMIN)
        holder = core.directory.of_link(await links.make(core, somebody(core), "deploy", {}), at())
        for actor in (token, holder):
            assert not directly(actor)
            assert not in_person(actor)
            with pytest.raises(Refused, match="sign in yourself"):
                await tokens.make(core, actor, "more", everything())
            with pytest.raises(Refused, match="sign in yourself"):
                await links.make(core, actor, "deploy", {})


async def test_while_nobody_signs_in_a_token_could_belong_to_nobody(tmp_path):
    async with a_core(tmp_path) as core:
        assert directly(LOCAL)
        with pytest.raises(Refused, match="make a user first"):
            await tokens.make(core, LOCAL, "more", everything())
        with pytest.raises(Refused, match="Sign in first"):
            await tokens.make(core, NOBODY, "more", everything())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "-x"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"rights": frozenset()}, "scope"),
        ({"rights": tokens.scope([Verb.PRESS], ["task:nothing"])}, "scope"),
        ({"rights": tokens.scope([Verb.PRESS], ["group:"])}, "scope"),
        ({"days": 0}, "days"),
        ({"days": 100_000}, "days"),
    ],
)
async def test_what_is_wrong_with_a_wish_is_said_where_it_is(tmp_path, change, field):
    async with a_core(tmp_path) as core:
        wish = {"name": "ci", "rights": everything(), "days": 90} | change
        with pytest.raises(InvalidInputs) as found:
            await tokens.make(core, somebody(core), wish["name"], wish["rights"], wish["days"])
        assert list(found.value.fields) == [field]
        assert not core.directory.all.tokens


async def test_a_name_is_its_owners_only_one(tmp_path):
    async with a_core(tmp_path, Grant("user:eve", "viewer")) as core:
        first, _ = await tokens.make(core, somebody(core), "ci", everything())
        await tokens.make(core, somebody(core, "eve"), "ci", everything())
        with pytest.raises(InvalidInputs, match="name"):
            await tokens.make(core, somebody(core), "ci", everything())
        again, _ = await tokens.make(core, somebody(core), "ci", everything(), instead=True)
        assert as_token(core, first) == NOBODY
        assert as_token(core, again).user == "ada"


async def test_a_token_is_revoked_by_its_owner_an_administrator_and_itself_and_by_nobody_else(tmp_path):
    async with a_core(tmp_path, User("bob"), Grant("user:bob", "viewer")) as core:
        made = [await tokens.make(core, somebody(core, "bob"), name, everything()) for name in ("one", "two", "three")]
        with pytest.raises(NoSuchToken):
            await tokens.revoke(core, somebody(core, "eve"), made[0][1].id)
        with pytest.raises(NoSuchToken):  # also not another one of the same owner
            await tokens.revoke(core, as_token(core, made[1][0]), made[0][1].id)
        await tokens.revoke(core, somebody(core, "bob"), made[0][1].id)
        await tokens.revoke(core, as_token(core, made[1][0]), made[1][1].id)
        await tokens.revoke(core, somebody(core), made[2][1].id)
        assert [as_token(core, text) for text, _ in made] == [NOBODY] * 3


async def test_one_sees_ones_own_tokens_and_an_administrator_all(tmp_path):
    async with a_core(tmp_path, Grant("user:eve", "viewer")) as core:
        await tokens.make(core, somebody(core), "mine", everything())
        await tokens.make(core, somebody(core, "eve"), "hers", everything())
        assert [token.name for token in tokens.listed(core, somebody(core, "eve"))] == ["hers"]
        assert {token.name for token in tokens.listed(core, somebody(core), everybody=True)} == {"mine", "hers"}
        with pytest.raises(Refused):
            tokens.listed(core, somebody(core, "eve"), everybody=True)


async def test_making_and_revoking_are_in_the_audit_trail_and_the_text_is_not(tmp_path):
    async with a_core(tmp_path) as core:
        text, token = await tokens.make(core, somebody(core), "ci", tokens.scope([Verb.PRESS], ["task:deploy"]), 7)
        await tokens.revoke(core, somebody(core), token.id)
        records = await core.store.audit.records(AuditQuery(verb="token"))
        assert [(one.act.verb, one.act.actor, one.act.about) for one in records] == [
            ("token.revoke", "ada", "token ada/ci"),
            ("token.make", "ada", "token ada/ci"),
        ]
        assert records[1].act.data == {"scope": ["press@task:deploy", "see@task:deploy"], "days": 7}
        assert text not in repr(records)
