"""Saved views of the history: whose they are, their names, and what becomes of them."""

from __future__ import annotations

import pytest

from pushbutton.domain.actor import LOCAL
from pushbutton.errors import BadInput, Refused
from pushbutton.runtime import saved_views
from tests.unit.runtime.worlds import a_core, somebody

FAILED, DEPLOYS = "?state=failed", "?task=deploy"


async def test_one_sees_ones_own_views_by_their_names_and_nobody_elses(tmp_path):
    async with a_core(tmp_path) as core:
        ada, eve = somebody(core), somebody(core, "eve")
        second = await saved_views.keep(core, ada, "  what failed ", FAILED)
        first = await saved_views.keep(core, ada, "Deploys", DEPLOYS)
        assert second.name == "what failed"
        assert saved_views.of(core, ada) == [first, second]
        assert saved_views.of(core, eve) == []
        await saved_views.remove(core, eve, first.id)
        assert saved_views.of(core, ada) == [first, second]


async def test_a_name_and_a_query_stand_for_one_view_each(tmp_path):
    async with a_core(tmp_path) as core:
        ada = somebody(core)
        await saved_views.keep(core, ada, "Failed", FAILED)
        await saved_views.keep(core, ada, "What failed", FAILED)
        renamed = await saved_views.keep(core, ada, "What failed", DEPLOYS)
        assert saved_views.of(core, ada) == [renamed]
        await saved_views.remove(core, ada, renamed.id)
        await saved_views.remove(core, ada, renamed.id)
        assert saved_views.of(core, ada) == []


@pytest.mark.parametrize(("name", "query"), [(" ", FAILED), ("All", ""), ("Long", "?q=" + "x" * 1000)])
async def test_a_view_has_a_name_and_shows_something_less_than_all_runs(tmp_path, name, query):
    async with a_core(tmp_path) as core:
        with pytest.raises(BadInput):
            await saved_views.keep(core, somebody(core), name, query)


async def test_a_person_has_so_many_views(tmp_path, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 1)
    async with a_core(tmp_path) as core:
        ada, eve = somebody(core), somebody(core, "eve")
        await saved_views.keep(core, ada, "A", FAILED)
        await saved_views.keep(core, eve, "A", DEPLOYS)
        with pytest.raises(Refused, match="There are 1 saved views already"):
            await saved_views.keep(core, ada, "B", DEPLOYS)


async def test_views_go_with_their_person_and_what_nobodys_is_is_everybodys(tmp_path):
    async with a_core(tmp_path) as core:
        ada, eve = somebody(core), somebody(core, "eve")
        common = await saved_views.keep(core, LOCAL, "Common", FAILED)
        await saved_views.keep(core, eve, "Hers", DEPLOYS)
        assert saved_views.of(core, ada) == [common]
        with pytest.raises(Refused):
            await saved_views.remove(core, eve, common.id)
        await core.people.remove(ada, "eve", 1)
        assert [one.name for one in core.directory.all.views.values()] == ["Common"]
