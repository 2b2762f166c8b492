"""Presets: who keeps, sees and removes them, and what is never in one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pushbutton.domain.actor import Right, Verb
from pushbutton.domain.person import User
from pushbutton.domain.policy import Grant
from pushbutton.errors import BadInput, InvalidInputs, NoSuchPreset, NoSuchTask, Refused
from pushbutton.runtime import presets
from pushbutton.runtime.ports.people import AuditQuery
from tests.unit.runtime.worlds import a_core, somebody

EVE = Grant("user:eve", "presser", "task:deploy")


async def test_ones_own_is_for_oneself_and_an_administrators_for_everybody(tmp_path):
    async with a_core(tmp_path, EVE) as core:
        ada, eve = somebody(core), somebody(core, "eve")
        hers = await presets.keep(core, eve, "deploy", " On  Friday ", {"where": "live"}, everybody=False)
        common = await presets.keep(core, ada, "deploy", "As always", {"where": "test"}, everybody=True)
        assert hers.name == "On Friday"
        assert presets.of_task(core, eve, "deploy") == [hers, common]
        assert presets.of_task(core, ada, "deploy") == [common]
        with pytest.raises(NoSuchPreset):
            presets.named(core, ada, "deploy", hers.id)
        records = await core.store.audit.records(AuditQuery(limit=2))
        assert [(record.act.actor, record.act.verb, record.act.data["title"]) for record in records] == [
            ("ada", "preset.keep", "As always"),
            ("eve", "preset.keep", "On Friday"),
        ]


async def test_a_token_keeps_and_sees_its_owners_and_whoever_holds_a_link_does_neither(tmp_path):
    async with a_core(tmp_path) as core:
        ada = somebody(core)
        token = replace(ada, within=frozenset({Right(Verb.SEE), Right(Verb.PRESS)}))
        link = replace(token, own=True)
        made = await presets.keep(core, token, "deploy", "Mine", {"servers": 3}, everybody=False, form=False)
        assert made.inputs == {"servers": 3}
        assert presets.of_task(core, ada, "deploy") == presets.of_task(core, token, "deploy") == [made]
        assert presets.of_task(core, link, "deploy") == []
        with pytest.raises(Refused):
            await presets.keep(core, link, "deploy", "Theirs", {}, everybody=False)
        with pytest.raises(Refused):
            await presets.keep(core, token, "deploy", "All", {}, everybody=True)


async def test_who_does_not_look_after_the_task_keeps_and_removes_none_of_everybodys(tmp_path):
    async with a_core(tmp_path, EVE, User("vic"), Grant("user:vic", "viewer")) as core:
        ada, eve, vic = somebody(core), somebody(core, "eve"), somebody(core, "vic")
        common = await presets.keep(core, ada, "deploy", "As always", {}, everybody=True)
        with pytest.raises(Refused):
            await presets.keep(core, eve, "deploy", "Mine", {}, everybody=True)
        with pytest.raises(Refused):
            await presets.remove(core, eve, "deploy", common.id)
        with pytest.raises(Refused):
            await presets.keep(core, vic, "deploy", "Mine", {}, everybody=False)
        with pytest.raises(NoSuchTask):
            await presets.keep(core, eve, "unlock", "Mine", {}, everybody=False)
        await presets.remove(core, ada, "deploy", common.id)
        assert presets.of_task(core, ada, "deploy") == []


async def test_no_secret_and_no_file_is_ever_in_one_and_what_is_empty_stays_empty(tmp_path):
    async with a_core(tmp_path) as core:
        given = {"password": "hunter2", "sheet": "x", "user": "bob"}
        assert (await presets.keep(core, somebody(core), "unlock", "Bob", given, everybody=False)).inputs == {
            "user": "bob"
        }
        made = await presets.keep(
            core, somebody(core), "deploy", "None", {"where": "live", "note": ""}, everybody=False
        )
        assert made.inputs == {"where": "live", "note": None}


async def test_the_same_name_again_takes_the_place_and_a_wrong_value_or_no_name_keeps_nothing(tmp_path):
    async with a_core(tmp_path) as core:
        ada = somebody(core)
        await presets.keep(core, ada, "deploy", "A", {"where": "test"}, everybody=False)
        second = await presets.keep(core, ada, "deploy", "A", {"where": "live"}, everybody=False)
        with pytest.raises(InvalidInputs):
            await presets.keep(core, ada, "deploy", "B", {"where": "nowhere"}, everybody=False)
        with pytest.raises(BadInput):
            await presets.keep(core, ada, "deploy", "  ", {}, everybody=False)
        assert presets.of_task(core, ada, "deploy") == [second]
