"""What is kept of the files that came to watched folders, see `runtime.ports.files_seen.FilesSeen`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pushbutton.domain.on_file import FileSeen, Lying, Verdict
from pushbutton.errors import KeyReused
from tests.contract.test_store import new

FILE = Lying(1_700_000_000_123_456_789, "/srv/incoming/ö.csv", (1 << 64) - 1, 800)
SEEN = FileSeen("deploy", 5_000_000, Verdict.UNFIT, FILE, why="ö")


async def test_what_is_kept_is_read_newest_first_with_numbers_that_rise_in_a_task(store):
    other = replace(SEEN, file=replace(FILE, path="/srv/incoming/b.csv"))
    first, second = await store.files_seen.keep([SEEN, other])
    assert (first.number, second.number) == (1, 2)
    assert await store.files_seen.of("deploy") == [second, first]
    assert await store.files_seen.of("another") == []


async def test_the_same_file_again_has_its_number_and_what_became_of_it_last(store):
    await store.files_seen.keep([SEEN, replace(SEEN, file=replace(FILE, size=9))])
    [kept] = await store.files_seen.keep([replace(SEEN, at=6_000_000, verdict=Verdict.WAITS, why="")])
    assert kept.number == 1
    assert (await store.files_seen.of("deploy"))[1] == kept


async def test_what_is_forgotten_is_gone_and_the_others_stay(store):
    kept = await store.files_seen.keep([SEEN, replace(SEEN, task="another")])
    await store.files_seen.forget(kept[:1])
    assert await store.files_seen.of("deploy") == []
    assert await store.files_seen.of("another") == [kept[1]]


async def test_a_file_is_kept_with_the_press_that_it_makes_and_stands_for_one_run(store):
    first = await store.press(new(key="file 1", file=SEEN))
    again = await store.press(new(key="file 1", file=SEEN))
    assert (first.made, again.made) == (True, False)
    assert [(one.verdict, one.run, one.why) for one in await store.files_seen.of("deploy")] == [
        (Verdict.PRESSED, first.run.id, "")
    ]


async def test_a_file_whose_press_is_refused_is_not_kept_with_it(store):
    await store.press(new(key="k", fingerprint="one"))
    with pytest.raises(KeyReused):
        await store.press(new(key="k", fingerprint="another", file=SEEN))
    assert await store.files_seen.of("deploy") == []
