"""A group of writes in PostgreSQL: how often it waits, what is refused in it, and what becomes of lost answers."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Kind
from pushbutton.errors import StoreError
from pushbutton.runtime.audit import check
from pushbutton.runtime.ports import Append, Store, Topics
from tests.relay import Relay

from .test_groups import EVENTS, EVERYTHING, running, said, told

WRITERS = 16
"""Of each node."""


@contextlib.asynccontextmanager
async def opened(address: str, *, node: str = "") -> AsyncIterator[Store]:
    from pushbutton.adapters.postgres import PostgresStore

    store = PostgresStore(address, b"the key of the tests", node=node)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


@contextlib.contextmanager
def traced(store: Any, file: Path) -> Iterator[list[str]]:
    """What the writer's connection sends while the block lasts, each message by its kind: as the client's own library
    has it, of the protocol.
    """
    link = store._database._writer._session._link
    sent: list[str] = []
    with file.open("w+") as trace:
        link.raw.pgconn.trace(trace.fileno())
        try:
            yield sent
        finally:
            link.raw.pgconn.untrace()
        sent += re.findall(r"^(?:\S+ \S+\t)?F\t\d+\t(\w+)", file.read_text(), re.MULTILINE)


def waits(sent: Sequence[str]) -> int:
    """How often it asks for the answers to what it has sent. A Flush behind a Sync asks for nothing more."""
    asking = [one for last, one in pairwise(["", *sent]) if (last, one) != ("Sync", "Flush")]
    return sum(one in ("Sync", "Flush", "Query") for one in asking)


async def test_a_group_of_appends_waits_for_the_database_twice_however_many_they_are(postgres, tmp_path):
    async with opened(postgres.empty()) as store:
        runs = await running(store, 40)
        for count in (2, 16, 40):
            with traced(store, tmp_path / "trace") as sent:
                await asyncio.gather(*(store.append(said(run, "a")) for run in runs[:count]))
            assert waits(sent) == 2, sent
            # Of its own the group has: begin, pen, numbers, events in one or two pieces, numbers, its turn, commit.
            assert sent.count("Execute") - count in (7, 8), sent


async def test_an_append_that_is_alone_waits_for_the_database_twice(postgres, tmp_path):
    async with opened(postgres.empty()) as store:
        [run] = await running(store, 1)
        with traced(store, tmp_path / "trace") as sent:
            await store.append(said(run, "a"))
        assert (waits(sent), sent.count("Execute")) == (2, 8), sent


async def test_a_group_of_records_waits_as_often_as_one_does(postgres, tmp_path):
    async with opened(postgres.empty()) as store:
        await store.audit.record(Act("ada", "user.add", "user first", 1))
        found = []
        for count in (1, 30):
            with traced(store, tmp_path / "trace") as sent:
                acts = (Act("ada", "user.add", f"user {count}.{n}", 1) for n in range(count))
                await asyncio.gather(*(store.audit.record(act) for act in acts))
            found.append(waits(sent))
            assert sent.count("Execute") <= 16, sent
        assert found[0] == found[1] <= 4
        assert (await check(store.audit)).fault is None
        assert len(await store.audit.chain(None, 100)) == 32


async def test_two_nodes_with_many_writers_each_give_numbers_in_the_order_of_commits_without_a_gap(postgres):
    address, each = postgres.database(), 15
    async with opened(address, node="one") as one, opened(address, node="two") as two, opened(address) as reader:
        runs = await running(one, 2 * WRITERS)
        first, seen = await reader.last_event(), list[int]()
        last = first + each * len(runs)

        async def follow() -> None:
            """An event behind the cursor would be missed for ever."""
            while (after := seen[-1] if seen else first) < last:
                seen.extend(event.id for event in await reader.events(EVERYTHING, after=after))

        async def write(store: Store, run: int) -> list[int]:
            return [(await store.append(said(run, f"{run}.{n}", collected=n)))[0].id for n in range(each)]

        writers = (write(one if run <= WRITERS else two, run) for run in runs)
        following = asyncio.create_task(follow())
        given = await asyncio.gather(*writers)
        await following
        assert seen == list(range(first + 1, last + 1))
        assert sorted(number for numbers in given for number in numbers) == seen
        assert [numbers == sorted(numbers) for numbers in given] == [True] * len(runs)
        events = await reader.events(EVERYTHING, after=first, limit=10_000)
        assert {event.id: event.run for event in events} == {
            number: run for run, numbers in zip(runs, given, strict=True) for number in numbers
        }


async def test_an_answer_to_a_group_that_is_lost_is_looked_for_and_no_event_is_there_twice(postgres):
    address, dice = postgres.database(), random.Random(7)
    with Relay(postgres.port, dice) as relay:
        async with opened(postgres.over_tcp(address, port=relay.port), node="one") as store:
            runs = await running(store, WRITERS)
            relay.lose_answers(6)

            async def write(run: int) -> None:
                number = 0
                while relay.lost < 6 or number < 8:
                    number += 1
                    await store.append(said(run, f"{run}.{number}"))
                counts[run] = number

            counts: dict[int, int] = {}
            await asyncio.gather(*(write(run) for run in runs))
            events = await store.events(Topics(everything=True), after=WRITERS * EVENTS, limit=100_000)
            assert [event.id for event in events] == list(range(WRITERS * EVENTS + 1, await store.last_event() + 1))
            texts = [str(event.data["text"]) for event in events]
            assert sorted(texts) == sorted(f"{run}.{n}" for run in runs for n in range(1, counts[run] + 1))


async def test_what_the_database_does_not_take_is_refused_to_whoever_asked_for_it_alone(postgres):
    """It says so behind what others of the group asked for: a number of a run, and one of an event, that it has not."""
    async with opened(postgres.empty()) as store:
        runs = await running(store, 7)
        entries = [said(run, f"of {run}") for run in runs]
        entries[2] = said(3, "too far", collected=1 << 63)
        entries[5] = Append(6, [Draft(Kind.STATUS, {}, 1 << 63)], epoch=1, row={"status": "too late"})
        answers = await asyncio.gather(*(store.append(entry) for entry in entries), return_exceptions=True)
        refused = [run for run, answer in zip(runs, answers, strict=True) if isinstance(answer, StoreError)]
        assert refused == [3, 6]
        assert "The database does not take this" in str(answers[2])
        events = await told(store, after=7 * EVENTS)
        assert [(event.id, event.run) for event in events] == list(zip(range(15, 20), [1, 2, 4, 5, 7], strict=True))
        assert [(await store.run(run)).status for run in refused] == ["", ""]
        await store.append(said(3, "goes on"))
