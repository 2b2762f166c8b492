"""A search in what runs wrote: what it finds, what it leaves out, and how far it looked."""

from __future__ import annotations

import threading

import pytest

from pushbutton.domain.actor import LOCAL, NOBODY, Right, Verb
from pushbutton.runtime import output_search
from pushbutton.runtime.output_search import Found, search
from pushbutton.runtime.ports import RunQuery
from pushbutton.testing import opened

YAML = """
tasks:
  say: {command: [printf, '%b', '{text}'], params: {text: {type: str}}, at_once: 1}
"""
QUERY = RunQuery(limit=output_search.RUNS + 1)


async def said(app, *texts: str) -> None:
    for text in texts:
        run = await app.press("say", text=text)
        async for _ in run.events():
            pass


async def test_the_line_is_found_in_small_letters_and_capitals_newest_run_first(tmp_path):
    (tmp_path / "pushbutton.yaml").write_text(YAML)
    async with opened(tmp_path) as app:
        core = await app.open()
        await said(app, "one\\nthe \\033[31mRSYNC\\033[0m failed\\nx", "nothing", "rsync: ok")
        found = await search(core, LOCAL, QUERY, "Rsync")
        assert [(hit.run.id, hit.line) for hit in found.hits] == [(3, "rsync: ok"), (1, "the RSYNC failed")]
        assert (found.looked, found.last, found.older) == (3, 1, False)
        assert (await search(core, LOCAL, QUERY, "absent")).hits == ()


async def test_outputs_that_the_actor_may_not_read_are_left_out(tmp_path):
    (tmp_path / "pushbutton.yaml").write_text(YAML)
    async with opened(tmp_path) as app:
        core = await app.open()
        await said(app, "secret")
        looks = type(NOBODY)("vic", frozenset({Right(Verb.SEE)}), user="vic")
        assert (await search(core, looks, QUERY, "secret")).hits == ()


async def test_it_stops_after_so_many_bytes_and_says_that_there_are_older_runs(tmp_path, monkeypatch):
    (tmp_path / "pushbutton.yaml").write_text(YAML)
    async with opened(tmp_path) as app:
        core = await app.open()
        await said(app, "needle", "hay hay", "hay hay")
        monkeypatch.setattr(output_search, "BYTES", 5)
        assert await search(core, LOCAL, QUERY, "needle") == Found((), looked=1, last=3, older=True)


async def test_outputs_are_read_in_a_thread_so_that_a_large_one_holds_up_nobody(tmp_path, monkeypatch):
    (tmp_path / "pushbutton.yaml").write_text(YAML)
    async with opened(tmp_path) as app:
        core = await app.open()
        await said(app, "hay")
        read, seen = core.output.read, list[int]()

        def watched(*place: int) -> bytes:
            seen.append(threading.get_ident())
            return read(*place)

        monkeypatch.setattr(core.output, "read", watched)
        await search(core, LOCAL, QUERY, "needle")
        assert seen
        assert threading.get_ident() not in seen


@pytest.mark.parametrize("shift", [-3, 0, 3])
async def test_what_lies_over_the_edge_of_a_part_is_found(tmp_path, monkeypatch, shift):
    monkeypatch.setattr(output_search, "_CHUNK", 16)
    (tmp_path / "pushbutton.yaml").write_text(YAML)
    async with opened(tmp_path) as app:
        core = await app.open()
        await said(app, "x" * (160 + shift) + "\\nneedle\\n")
        [hit] = (await search(core, LOCAL, QUERY, "needle")).hits
        assert hit.line == "needle"
