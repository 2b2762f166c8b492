"""Comments on a run: who may, what is kept of them, and who takes on a failure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pushbutton.domain.actor import NOBODY, Right, Verb
from pushbutton.domain.event import Kind
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant, Resource, decide
from pushbutton.domain.run import RunState
from pushbutton.errors import BadInput, NoSuchRun, NotFailed, Refused
from pushbutton.runtime import comments, history, journal, press
from pushbutton.runtime.ports.people import AuditQuery
from tests.unit.runtime.worlds import a_core, at, somebody

HOUR = 3_600_000_000
PEOPLE = [
    entry
    for name, gives in {"vic": "viewer", "pia": "presser", "abe": "approver"}.items()
    for entry in (User(name), Grant(f"user:{name}", gives, "task:deploy"))
]


async def test_who_may_do_something_with_the_task_may_comment_and_whoever_only_looks_may_not(tmp_path):
    async with a_core(tmp_path, *PEOPLE, User("out")) as core:
        run = (await press.press(core, somebody(core), "deploy", {}, not_before=at() + HOUR)).run
        for name in ("ada", "pia", "abe"):
            await comments.comment(core, somebody(core, name), run.id, f"by {name}")
        with pytest.raises(Refused, match="not comment"):
            await comments.comment(core, somebody(core, "vic"), run.id, "x")
        for nobody in (somebody(core, "out"), NOBODY):
            with pytest.raises(NoSuchRun):
                await comments.comment(core, nobody, run.id, "x")
        said = [
            event.data for event in await history.events(core, somebody(core), run.id) if event.kind is Kind.COMMENT
        ]
        assert said == [{"text": f"by {name}", "actor": name, "on_it": False} for name in ("ada", "pia", "abe")]
        record = (await core.store.audit.records(AuditQuery(limit=1)))[0].act
        assert (record.actor, record.verb, record.about, record.data["said"]) == (
            "abe", "run.comment", f"run {run.id}", "by abe",
        )  # fmt: skip
        await journal.move(core, run, RunState.CANCELLED)


@pytest.mark.parametrize("verb", Verb)
def test_the_rights_that_let_somebody_comment(verb):
    actor = replace(NOBODY, name="ada", user="ada", rights=frozenset({Right(Verb.SEE), Right(verb)}))
    assert decide(actor, Verb.SEE, Resource("deploy"))
    assert comments.may_comment(actor, Resource("deploy")) is (verb in (Verb.PRESS, Verb.STOP, Verb.APPROVE))
    assert not comments.may_comment(replace(actor, own=True), Resource("deploy"))


async def test_a_failure_is_taken_on_without_a_word_and_what_has_not_failed_is_not(tmp_path):
    async with a_core(tmp_path) as core:
        ada = somebody(core)
        run = (await press.press(core, ada, "deploy", {}, not_before=at() + HOUR)).run
        with pytest.raises(NotFailed):
            await comments.comment(core, ada, run.id, "", on_it=True)
        for text in ("", " \n ", "x" * 2001):
            with pytest.raises(BadInput):
                await comments.comment(core, ada, run.id, text)
        await journal.move(core, run, RunState.FAILED)
        made = await comments.comment(core, ada, run.id, " ", on_it=True)
        assert made.data == {"text": "", "actor": "ada", "on_it": True}
        assert (await core.store.run(run.id)).state is RunState.FAILED
        record = (await core.store.audit.records(AuditQuery(limit=1)))[0].act
        assert record.verb == "run.acknowledge"
