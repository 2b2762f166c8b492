"""Every `Shipping` keeps its promises; and what one machine's runs write is on another one as they wrote it, whatever
is killed or away meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from pushbutton.adapters.in_place import InPlace
from pushbutton.domain.pieces import BLOCK
from pushbutton.domain.run import RunState
from pushbutton.errors import StoreAway
from pushbutton.runtime.ports import Shipping
from tests.postgres import Postgres

from . import machines
from .machines import Machine, a_run, machine

PATIENCE = 120.0
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))


@pytest.fixture
def dice() -> random.Random:
    print("seed", SEED)  # noqa: T201  shown where a test fails
    return random.Random(SEED)


@pytest.fixture
async def pair(tmp_path: Path, tables: str) -> AsyncIterator[tuple[Machine, Machine]]:
    """One that has runs, and one that shows them."""
    async with machine(tmp_path / "one", tables, "one") as one, machine(tmp_path / "two", tables, "two") as two:
        yield one, two


@pytest.fixture
def own() -> Iterator[Postgres]:
    """A server that may be ended."""
    with Postgres() as server:
        yield server


async def until(true: Callable[[], object], what: str) -> None:
    """As seen from outside: a mirror tells nobody but its own process."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"not in time: {what}"
        await asyncio.sleep(0.01)


def mirrored(of: Machine, run: int) -> bytes:
    return of.output.read(run, 0, of.output.size(run))


# -- the port


@pytest.fixture(params=["in place", "pieces"])
async def shipping(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Shipping, int | None]]:
    """And how many bytes there are of a run that wrote five."""
    if request.param == "in place":
        yield InPlace(), None
        return
    address = request.getfixturevalue("tables")
    async with machine(tmp_path, address, "one") as one:
        one.begin(7)
        one.write(7, b"hello")
        (one.runs / "7" / "results").mkdir()
        (one.runs / "7" / "results" / "a.csv").write_bytes(b"1,2")
        yield one.shipper, 5


async def test_who_follows_a_run_learns_how_much_of_it_others_have(shipping):
    port, size = shipping
    end = port.follow(7)
    await port.handed_over(7, ["a.csv"])
    await port.handed_over(7, ["a.csv", "not there"])
    await port.files(7)
    assert await port.settled(7) == size
    assert await port.settled(7) == size
    end()
    end = port.follow(7)
    assert await port.settled(7) == size
    end()


# -- two machines


async def test_what_a_run_writes_comes_as_it_comes_byte_for_byte(pair, dice):
    one, two = pair
    one.begin(7, encoding="cp1252", screen="24 80\n")
    one.shipper.follow(7)
    await two.output.bring(a_run(7, "one"))
    whole = b""
    for size in [1, 80, BLOCK - 81, 1, 3 * BLOCK, 5, 2 * BLOCK - 5, *(dice.randrange(1, 9000) for _ in range(60))]:
        data = dice.randbytes(size)
        whole += data
        one.write(7, data)
        one.write(7, dice.randbytes(16), "times")
        await until(lambda: two.output.size(7) == len(whole), "it is here")  # noqa: B023
        assert two.output.encoding(7) == "cp1252"
    assert mirrored(two, 7) == whole
    await one.shipper.settled(7)
    await two.output.bring(a_run(7, "one", RunState.SUCCEEDED))
    log = two.output.log(7)
    assert (log.screen(), log.size(), log.times()) == ((24, 80), len(whole), 67)
    assert log.noted(0, 100) == (one.runs / "7" / "times").read_bytes()
    assert two.output.digest(7) == one.output.digest(7)


async def test_when_a_block_is_full_and_at_the_end_small_pieces_become_one(pair):
    one, two = pair
    one.begin(7)
    one.shipper.follow(7)
    await two.output.bring(a_run(7, "one"))
    for number in range(40):
        one.write(7, bytes([number]) * 10_000)
        await until(lambda: two.output.size(7) == (number + 1) * 10_000, "it is here")  # noqa: B023
    await one.shipper.settled(7)
    sql = "SELECT at, length(bytes) FROM pieces WHERE run = 7 ORDER BY at"
    found = one.pieces.do(lambda link: list(link.execute(sql)))
    assert found == [(0, BLOCK), (BLOCK, 400_000 - BLOCK)]
    assert mirrored(two, 7) == (one.runs / "7" / "output").read_bytes()


async def test_a_hint_that_is_lost_is_made_up_for(pair):
    one, two = pair
    one.begin(7)
    one.shipper.follow(7)
    await two.output.bring(a_run(7, "one"))
    with (one.runs / "7" / "output").open("ab") as file:
        file.write(b"nobody rang")
    await until(lambda: mirrored(two, 7) == b"nobody rang", "it is here")


async def test_a_run_that_grows_needs_no_more_hints(pair, monkeypatch):
    """Of thousands a second a socket's queue, of ten, loses many."""
    one, two = pair
    monkeypatch.setattr("pushbutton.adapters.postgres.shipper.LOOK", 3600.0)
    monkeypatch.setattr("pushbutton.adapters.postgres.shipper.GROWING_FOR", PATIENCE)
    one.begin(7)
    one.shipper.follow(7)
    await two.output.bring(a_run(7, "one"))
    one.write(7, b"0")  # with a hint
    for number in range(1, 10):
        await until(lambda: two.output.size(7) == number, "it is here")  # noqa: B023
        one.write(7, b"%d" % number, hint=False)
    await until(lambda: mirrored(two, 7) == b"0123456789", "it is here")


async def test_a_node_that_comes_late_has_all_that_there_is_at_once(pair, dice):
    one, two = pair
    one.begin(7)
    one.shipper.follow(7)
    data = dice.randbytes(3_000_000)
    one.write(7, data)
    await one.shipper.settled(7)
    await two.output.bring(a_run(7, "one"))
    assert mirrored(two, 7) == data
    assert two.output.lags(7)
    assert not one.output.lags(7)


async def test_who_follows_before_it_is_known_where_the_run_will_be_sees_it_all(pair):
    one, two = pair
    for node in pair:
        await node.output.bring(a_run(7, state=RunState.WAITING))
    one.begin(7)
    one.shipper.follow(7)
    one.write(7, b"it began")
    assert mirrored(one, 7) == b"it began"
    await until(lambda: mirrored(two, 7) == b"it began", "it is here")


async def test_an_attempt_here_that_came_to_nothing_hides_nothing(pair):
    one, two = pair
    (two.runs / "7").mkdir()
    (two.runs / "7" / "events").touch()
    await two.output.bring(a_run(7, state=RunState.WAITING))
    one.begin(7)
    one.shipper.follow(7)
    one.write(7, b"elsewhere")
    await until(lambda: mirrored(two, 7) == b"elsewhere", "it is here")


async def test_a_result_is_there_when_its_event_may_be_told(pair, dice):
    one, two = pair
    one.begin(7)
    folder = one.runs / "7" / "results"
    folder.mkdir()
    contents = {"large.bin": dice.randbytes(2_500_000), "empty.txt": b"", "Bücher (1).csv": b"1;2\r\n"}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    await one.shipper.handed_over(7, list(contents))
    for name, content in contents.items():
        with two.files.open(f"results/7/{name}") as found:
            assert found.read() == content


async def test_a_worker_that_is_killed_again_and_again_leaves_no_gap_and_no_byte_twice(tmp_path, tables, dice):
    async with machine(tmp_path / "two", tables, "two") as two:
        await two.output.bring(a_run(7, "one"))
        whole = b""
        for number in range(12):
            async with machine(tmp_path / "one", tables, "one") as one:
                if not number:
                    one.begin(7)
                one.shipper.follow(7)
                for _ in range(dice.randrange(1, 6)):
                    data = dice.randbytes(dice.choice([10, 3000, BLOCK, 700_000]))
                    whole += data
                    one.write(7, data)
                    await asyncio.sleep(dice.random() / 20)
        async with machine(tmp_path / "one", tables, "one") as one:
            one.shipper.follow(7)
            assert await one.shipper.settled(7) == len(whole)
            await two.output.bring(a_run(7, "one", RunState.LOST))
            assert mirrored(two, 7) == whole


async def test_a_database_that_is_killed_in_the_middle_is_waited_for_and_nothing_is_lost(tmp_path, own, dice):
    address = await machines.made(own.database())
    async with machine(tmp_path / "one", address, "one") as one, machine(tmp_path / "two", address, "two") as two:
        one.begin(7)
        one.shipper.follow(7)
        await two.output.bring(a_run(7, "one"))
        whole = b""
        for _ in range(3):
            for _ in range(20):
                data = dice.randbytes(dice.choice([10, 3000, 300_000]))
                whole += data
                one.write(7, data)
                await asyncio.sleep(0.005)
            await asyncio.to_thread(own.stop, signal.SIGQUIT)
            whole += b"while it was away"
            one.write(7, b"while it was away")
            settled = asyncio.ensure_future(one.shipper.settled(7))
            await asyncio.sleep(0.2)
            assert not settled.done()
            await asyncio.to_thread(own.start)
            assert await settled == len(whole)
            await until(lambda: two.output.size(7) == len(whole), "it is here")  # noqa: B023
            assert mirrored(two, 7) == whole


async def test_what_a_run_said_before_it_fell_silent_is_there_again_after_the_database_was_killed(tmp_path, own):
    """Nobody waited for the database's disk, and nothing is written any more that would tell of the kill."""
    address = await machines.made(own.database())
    async with machine(tmp_path / "one", address, "one") as one, machine(tmp_path / "two", address, "two") as two:
        one.begin(7)
        one.shipper.follow(7)
        await two.output.bring(a_run(7, "one"))
        for number in range(5):
            one.write(7, b"%d" % number)
            await until(lambda: two.output.size(7) == number + 1, "it is here")  # noqa: B023
            await asyncio.to_thread(own.stop, signal.SIGQUIT)
            await asyncio.to_thread(own.start)
        async with machine(tmp_path / "three", address, "three") as three:

            async def here() -> bool:
                await three.output.bring(a_run(7, "one"))
                return mirrored(three, 7) == b"01234"

            async with asyncio.timeout(PATIENCE):
                while not await here():
                    pass


async def test_what_a_crash_took_is_sent_before_what_was_written_since(tmp_path, own):
    address = await machines.made(own.database())
    crash = """WITH gone AS (DELETE FROM pieces WHERE name = 'output' RETURNING 1)
        SELECT count(*), (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()) FROM gone"""
    async with machine(tmp_path / "one", address, "one") as one, machine(tmp_path / "two", address, "two") as two:
        one.begin(7)
        one.shipper.follow(7)
        await two.output.bring(a_run(7, "one"))
        one.write(7, b"before ")
        await until(lambda: two.output.size(7) == 7, "it is here")
        await asyncio.to_thread(own.sql, crash, address)
        one.write(7, b"after")
        await until(lambda: two.output.size(7) == 12, "all is here")
        async with machine(tmp_path / "three", address, "three") as three:
            await three.output.bring(a_run(7, "one"))
            await until(lambda: three.output.size(7) == 12, "all is there")
            assert mirrored(three, 7) == b"before after"


@pytest.mark.parametrize("sent", [False, True], ids=["at its end", "before"])
async def test_what_a_run_that_is_over_wrote_survives_a_kill_of_the_database(tmp_path, own, sent):
    from pushbutton.adapters.postgres.pieces import Place

    address = await machines.made(own.database())
    async with machine(tmp_path / "one", address, "one") as one:
        for run in range(1, 5):
            one.begin(run)
            one.shipper.follow(run)
            one.write(run, b"it was said")  # in one piece: to make one of several would wait for the disk, too
            if sent:
                await until(lambda: one.pieces.ends([Place(run, "output")]), "it is sent")  # noqa: B023
            assert await one.shipper.settled(run) == 11
            await asyncio.to_thread(own.stop, signal.SIGQUIT)
            await asyncio.to_thread(own.start)
            async with machine(tmp_path / f"two-{run}", address, f"two-{run}") as two:
                await two.output.bring(a_run(run, "one", RunState.SUCCEEDED))
                assert mirrored(two, run) == b"it was said"


async def test_who_asks_while_the_database_is_away_is_told(tmp_path, own, monkeypatch):
    monkeypatch.setattr("pushbutton.adapters.postgres.mirror.PATIENCE", 0.5)
    address = await machines.made(own.database())
    async with machine(tmp_path / "two", address, "two") as two:
        await asyncio.to_thread(own.stop, signal.SIGQUIT)
        with pytest.raises(StoreAway):
            await two.output.bring(a_run(7, "one"))
        await asyncio.to_thread(own.start)
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(StoreAway):
                    await two.output.bring(a_run(7, "one", RunState.SUCCEEDED))
                    break
        assert two.output.size(7) == 0


async def test_what_nobody_asks_for_makes_room_and_comes_again(tmp_path, tables, monkeypatch):
    monkeypatch.setattr("pushbutton.adapters.postgres.mirror.KEPT", 0.0)
    async with (
        machine(tmp_path / "one", tables, "one") as one,
        machine(tmp_path / "two", tables, "two", room=1_000_000) as two,
    ):
        for run in (7, 8, 9):
            one.begin(run)
            one.shipper.follow(run)
            one.write(run, bytes([run]) * 600_000)
            await one.shipper.settled(run)
            await two.output.bring(a_run(run, "one", RunState.SUCCEEDED))
        await until(lambda: not (tmp_path / "two" / "mirror" / "7").exists(), "the oldest went")
        await two.output.bring(a_run(7, "one", RunState.SUCCEEDED))
        assert mirrored(two, 7) == bytes([7]) * 600_000


async def test_a_mirror_without_room_on_its_disk_says_so_and_goes_on_when_there_is_some(pair, tmp_path):
    from pushbutton.errors import StorageFull

    one, two = pair
    one.begin(7)
    one.shipper.follow(7)
    one.write(7, b"hello")
    await one.shipper.settled(7)
    (tmp_path / "two" / "mirror" / "7").write_text("a file where a folder should be")
    with pytest.raises(StorageFull):
        await two.output.bring(a_run(7, "one"))
    (tmp_path / "two" / "mirror" / "7").unlink()
    await two.output.bring(a_run(7, "one"))
    assert mirrored(two, 7) == b"hello"


async def test_a_file_that_cannot_be_read_holds_up_neither_its_run_nor_others(pair):
    one, two = pair
    for run in (7, 8):
        one.begin(run)
        one.shipper.follow(run)
    (one.runs / "7" / "times").mkdir()
    for run in (7, 8):
        one.write(run, b"hello")
        await one.shipper.settled(run)
        await two.output.bring(a_run(run, "one"))
        assert mirrored(two, run) == b"hello"


async def test_nothing_is_sent_through_a_link(pair, tmp_path):
    one, two = pair
    (tmp_path / "secret").write_text("secret")
    one.begin(7)
    (one.runs / "7" / "results").mkdir()
    for name in ("results/a.csv", "times"):
        (one.runs / "7" / name).symlink_to(tmp_path / "secret")
    one.shipper.follow(7)
    one.write(7, b"hello")
    await one.shipper.handed_over(7, ["a.csv"])
    await one.shipper.files(7)
    await one.shipper.settled(7)
    await two.output.bring(a_run(7, "one"))
    assert mirrored(two, 7) == b"hello"
    assert two.files.find("results/7/a.csv") is None
    assert one.pieces.do(lambda link: link.execute("SELECT count(*) FROM pieces WHERE bytes = 'secret'").get) == 0


async def test_a_hundred_runs_at_once_all_come_whole(pair, dice):
    one, two = pair
    runs = range(1, 101)
    for run in runs:
        one.begin(run)
        one.shipper.follow(run)
        await two.output.bring(a_run(run, "one"))
    for _ in range(5):
        for run in runs:
            one.write(run, b"%d " % run * dice.randrange(1, 500))
        await asyncio.sleep(0.01)
    for run in runs:
        await one.shipper.settled(run)
        await two.output.bring(a_run(run, "one", RunState.SUCCEEDED))
        assert mirrored(two, run) == (one.runs / str(run) / "output").read_bytes()
