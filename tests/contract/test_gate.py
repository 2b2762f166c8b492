"""Which run the gate of every store gives for which offer, see `runtime.ports.Store.claim`."""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from pushbutton.adapters.sql import statements
from pushbutton.domain.audit import Act
from pushbutton.domain.cause import Cause, CauseKind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import ACTIVE, Run, RunState
from pushbutton.domain.schedule import ALL_OF_THEM, EVERYTHING, Pause
from pushbutton.runtime.ports import Append, RunQuery, Store

from .test_store import pressed

ANY = Offer("w", 1000)


async def take(store: Store, offer: Offer = ANY, *, at: int = 2000) -> int | None:
    """The number of the run that the gate gives; it gave what it said that it would."""
    expected = await store.first(offer, at=at) if not offer.child else None
    run = await store.claim(offer, at=at, token="hash")
    assert offer.child or (run and run.id) == (expected and expected.id)
    return run.id if run else None


async def line(store: Store, *tasks: str, **more: Any) -> list[int]:
    return [(await pressed(store, task, **more)).id for task in tasks]


async def end(store: Store, number: int | None) -> None:
    assert number
    run = await store.run(number)
    await store.append(Append(number, epoch=run.epoch, to=RunState.SUCCEEDED))


# -- who is next


async def test_the_oldest_is_first_over_all_tasks(store):
    runs = await line(store, "b", "a", "c")
    assert [await take(store) for _ in range(4)] == [*runs, None]


async def test_a_full_task_holds_up_no_other_and_goes_on_in_its_order(store):
    first, second, third, other = await line(store, "full", "full", "full", "free")
    assert [await take(store) for _ in range(3)] == [first, other, None]
    await end(store, first)
    assert [await take(store), await take(store)] == [second, None]
    await end(store, second)
    assert await take(store) == third


async def test_nobody_starves_while_others_come(store):
    """One that waits is older than all that come, so it is next as soon as it may start."""
    await store.allow({"many": 3})
    for _ in range(3):
        await take(store, replace(ANY, task="many"))
    many = await line(store, *["many"] * 5)
    [old] = await line(store, "rare")
    going = [await take(store, Offer("w", 3)) for _ in range(3)]
    assert going == many[:3]
    for turn in itertools.count():
        await line(store, "many", "many")
        await end(store, going.pop(0))
        going.append(await take(store, Offer("w", 3)))
        if going[-1] == old:
            break
        assert turn < 3


async def test_what_is_looked_at_is_not_taken(store):
    [run] = await line(store, "a")
    first = await store.first(ANY, at=2000)
    assert first == await store.run(run)
    assert first.state is RunState.WAITING
    assert await take(store) == run


async def test_of_all_who_ask_at_once_each_gets_another_run(store):
    await store.allow({"a": 100})
    runs = await line(store, *["a"] * 60)
    given = await asyncio.gather(*(store.claim(Offer(f"w{n % 3}", 15), at=1, token="") for n in range(90)))
    numbers = [run.id for run in given if run]
    assert sorted(numbers) == runs[:45]
    workers = [run.worker for run in given if run]
    assert {name: workers.count(name) for name in set(workers)} == {"w0": 15, "w1": 15, "w2": 15}


# -- limits


async def test_a_limit_is_of_a_task_over_all_workers(store):
    await store.allow({"a": 2})
    runs = await line(store, "a", "a", "a")
    assert [await take(store, Offer(name, 10)) for name in ("one", "two", "three")] == [*runs[:2], None]


async def test_slots_are_a_workers_own(store):
    runs = await line(store, "a", "b", "c")
    assert [await take(store, Offer(name, 1)) for name in ("one", "one", "two")] == [runs[0], None, runs[1]]
    assert await take(store, Offer("one", 2)) == runs[2]


async def test_a_worker_without_a_slot_gets_nothing(store):
    await line(store, "a")
    assert await take(store, Offer("w", 0)) is None


async def test_a_limit_that_is_changed_counts_for_those_that_wait(store):
    await store.allow({"a": 3, "b": 2})
    runs = await line(store, *["a"] * 5)
    assert [await take(store), await take(store)] == runs[:2]
    await store.allow({"a": 2})
    assert await take(store) is None
    await store.allow({"a": 1})
    await end(store, runs[0])
    assert await take(store) is None
    await store.allow({"a": 3})
    assert [await take(store) for _ in range(3)] == [*runs[2:4], None]
    await store.allow({})
    for number in runs[1:3]:
        await end(store, number)
    assert await take(store) is None
    await end(store, runs[3])
    assert await take(store) == runs[4]


async def test_a_task_of_which_nothing_is_said_runs_once_at_a_time(store):
    first, second = await line(store, "a", "a")
    assert [await take(store), await take(store)] == [first, None]
    await end(store, first)
    assert await take(store) == second


async def test_one_that_asks_keeps_its_slot(store):
    first, _ = await line(store, "a", "a")
    await take(store)
    await store.append(Append(first, epoch=1, to=RunState.ASKING))
    assert await take(store) is None
    assert await take(store, Offer("w", 1)) is None


async def test_one_that_goes_back_to_wait_gives_its_slot_back_and_is_first_again(store):
    first, _, _ = await line(store, "a", "a", "b")
    await take(store)
    await store.append(Append(first, epoch=1, to=RunState.WAITING))
    assert await take(store) == first
    assert (await store.run(first)).epoch == 2


# -- what the worker can and the run needs


async def test_tasks_that_the_worker_cannot_start_are_left_out_and_hold_up_nobody(store):
    first, second, third = await line(store, "a", "b", "c")
    offer = ANY.leaving_out(["a"]).leaving_out(["b", "none"])
    assert [await take(store, offer), await take(store, offer)] == [third, None]
    assert [await take(store), await take(store)] == [first, second]


async def test_an_offer_for_one_task_gets_no_other(store):
    await line(store, "a", "b", "b")
    assert [await take(store, replace(ANY, task="b")) for _ in range(2)] == [2, None]


async def test_a_run_goes_to_a_worker_that_has_all_of_its_tags(store):
    await store.allow({"a": 9})
    [both] = await line(store, "a", tags=frozenset({"gpu", "site-b"}))
    [one] = await line(store, "a", tags=frozenset({"gpu"}))
    [none] = await line(store, "a")
    assert (await store.run(both)).tags == {"gpu", "site-b"}

    def has(*tags: str) -> Offer:
        return replace(ANY, tags=frozenset(tags))

    assert [await take(store), await take(store)] == [none, None]
    assert await take(store, has("site-b", "gp", "pu", "gpu,")) is None
    assert [await take(store, has("gpu", "site-a")) for _ in range(2)] == [one, None]
    assert await take(store, has("site-b", "x", "gpu")) == both


async def test_of_a_task_the_oldest_that_fits_is_first_whatever_else_it_needs(store):
    await store.allow({"a": 9})
    runs = []
    for tags in ({"z"}, {"b"}, set[str](), {"z"}, {"b", "z"}, set[str]()):
        runs += await line(store, "a", tags=frozenset(tags))
    offer = replace(ANY, tags=frozenset({"b", "z"}))
    assert [await take(store, offer) for _ in range(7)] == [*runs, None]


async def test_a_run_starts_at_its_moment_and_stands_before_nobody_until_then(store):
    late, soon, now = [(await pressed(store, "a", not_before=moment)).id for moment in (5000, 3000, None)]
    assert (await store.run(late)).not_before == 5000
    await store.allow({"a": 9})
    assert [await take(store, at=2000), await take(store, at=2999)] == [now, None]
    assert [await take(store, at=3000), await take(store, at=4999)] == [soon, None]
    assert await take(store, at=5000) == late
    assert (await store.run(late)).not_before == 5000


async def test_one_whose_moment_is_come_is_first_if_it_is_older(store):
    [old] = await line(store, "a", not_before=3000)
    await line(store, "a")
    assert await take(store, at=3000) == old


# -- locks


def locks(*names: str) -> dict[str, frozenset[str]]:
    return {"locks": frozenset(names)}


async def test_a_lock_is_held_by_one_run_at_a_time_whatever_its_task(store):
    first, second = await line(store, "a", "b", **locks("db"))
    [free] = await line(store, "a")
    assert (await store.run(first)).locks == {"db"}
    await store.allow({"a": 9})
    assert [await take(store) for _ in range(3)] == [first, free, None]
    await end(store, first)
    assert [await take(store), await take(store)] == [second, None]


async def test_so_many_hold_a_lock_as_is_allowed_now(store):
    runs = await line(store, *"abcdef", **locks("ssh"))
    await store.allow({}, {"ssh": 3})
    assert [await take(store) for _ in range(4)] == [*runs[:3], None]
    await store.allow({}, {"ssh": 2, "other": 7})
    await end(store, runs[0])
    assert await take(store) is None
    await end(store, runs[1])
    assert [await take(store), await take(store)] == [runs[3], None]
    await store.allow({})
    await end(store, runs[2])
    assert await take(store) is None
    await end(store, runs[3])
    assert [await take(store), await take(store)] == [runs[4], None]


async def test_a_run_takes_all_of_its_locks_at_once_or_none(store):
    [one] = await line(store, "a", **locks("x"))
    [both] = await line(store, "b", **locks("x", "y"))
    [other] = await line(store, "c", **locks("y"))
    assert await take(store) == one
    assert await take(store) is None, "the older one that needs both is before the younger one that needs one of them"
    await end(store, one)
    assert [await take(store), await take(store)] == [both, None]
    await end(store, both)
    assert await take(store) == other


async def test_who_needs_two_locks_gets_them_however_much_others_want_each(store):
    await store.allow({"x": 99, "y": 99})
    going = await line(store, "x", **locks("x")) + await line(store, "y", **locks("y"))
    assert [await take(store), await take(store)] == going
    [both] = await line(store, "both", **locks("x", "y"))
    for turn in range(2):
        for task in ("x", "y"):
            await line(store, task, **locks(task))
        await end(store, going[turn])
        assert await take(store) == (None, both)[turn]


@pytest.mark.parametrize("why", ["its task is full", "its moment is not come", "it cannot be started", "its tags"])
async def test_one_that_could_not_start_anyway_keeps_its_locks_from_nobody(store, why):
    more: dict[str, Any] = {}
    match why:
        case "its task is full":
            await line(store, "a")
            await take(store)
        case "its moment is not come":
            more = {"not_before": 9000}
        case "its tags":
            more = {"tags": frozenset({"gpu"})}
    [waits] = await line(store, "a", **locks("db"), **more)
    [younger] = await line(store, "b", **locks("db"))
    offer = ANY.leaving_out(["a"] if why == "it cannot be started" else [])
    assert await take(store, offer) == younger
    assert (await store.run(waits)).state is RunState.WAITING


async def test_an_older_run_has_its_turn_also_where_an_offer_is_for_the_task_of_a_younger_one(store):
    older, younger = await line(store, "a", "b", **locks("db"))
    assert await take(store, replace(ANY, task="b")) is None
    assert await take(store, replace(ANY, task="a")) == older
    await end(store, older)
    assert await take(store, replace(ANY, task="b")) == younger


async def test_a_task_that_needs_other_locks_now_holds_up_nobody_with_what_it_needed_before(store):
    await store.allow({"a": 9})
    [db] = await line(store, "z", **locks("db"))
    assert await take(store) == db
    await line(store, "a", **locks("db"))
    now = await line(store, "a", **locks("disk")) + await line(store, "a")
    assert [await take(store) for _ in range(3)] == [*now, None]


@pytest.mark.parametrize("name", ["db", "d", "b", "db-2", "2-db", ""])
async def test_a_lock_is_known_by_its_whole_name(store, name):
    [other] = await line(store, "a", **locks("x", "db", "y"))
    [run] = await line(store, "b", **locks(*([name] if name else [])))
    assert await take(store) == other
    assert await take(store) == (None if name == "db" else run)


async def test_one_that_asks_keeps_its_locks_and_one_that_goes_back_to_wait_gives_them_back(store):
    first, second = await line(store, "a", "b", **locks("db"))
    await take(store)
    await store.append(Append(first, epoch=1, to=RunState.ASKING))
    assert await take(store) is None
    await store.append(Append(first, epoch=1, to=RunState.RUNNING))
    await store.append(Append(first, epoch=1, to=RunState.WAITING))
    assert [await take(store), await take(store)] == [first, None]
    await end(store, first)
    assert await take(store) == second


async def test_two_hundred_presses_against_two_locks_over_three_tasks(store):
    """Never more than allowed, nobody starves, and they do not wait for each other without end."""
    needs = {"one": ("x",), "two": ("y",), "both": ("x", "y")}
    places = {"x": 1, "y": 2}
    await store.allow(dict.fromkeys(needs, 5), places)
    chosen, started, ended = random.Random(4), list[int](), list[int]()
    coming = iter([chosen.choice(list(needs)) for _ in range(200)])
    bells = [asyncio.Event() for _ in range(4)]

    async def press() -> None:
        if task := next(coming, None):
            await line(store, task, **locks(*needs[task]))

    async def worker(bell: asyncio.Event) -> None:
        while len(started) < 200:
            bell.clear()
            run = await store.claim(Offer("w", 4), at=2000, token="")
            if run is None:
                await bell.wait()
                continue
            started.append(run.id)
            active = await store.runs(RunQuery(states=ACTIVE, limit=99))
            for lock, most in places.items():
                assert sum(lock in other.locks for other in active) <= most
            await press()  # there are always others that want the same
            await end(store, run.id)
            ended.append(run.id)
            for one in bells:
                one.set()

    for _ in range(12):
        await press()
    async with asyncio.timeout(300):
        await asyncio.gather(*(worker(bell) for bell in bells))
    assert sorted(ended) == list(range(1, 201))
    passed_by = [sum(other > run for other in started[:place]) for place, run in enumerate(started)]
    assert max(passed_by) < 12, "so many waited together"


# -- a child in the place of its parent


async def parent_and_child(store: Store, **more: Any) -> tuple[Run, int]:
    parent = await pressed(store, "a")
    assert await take(store) == parent.id
    [child] = await line(store, "a", cause=Cause(CauseKind.RUN, parent.id), **more)
    return parent, child


async def test_a_child_takes_the_place_of_its_parent(store):
    _, child = await parent_and_child(store, tags=frozenset({"gpu"}))
    assert await take(store, Offer("w", 1)) is None
    assert await take(store, Offer("w", 1, child=child)) == child
    assert await take(store, Offer("w", 1, child=child)) is None


@pytest.mark.parametrize("why", ["its parent is over", "its parent is with another", "it is no child", "aside"])
async def test_a_child_has_no_place_where(store, why):
    parent, child = await parent_and_child(store)
    offer = Offer("w", 1, child=child)
    match why:
        case "its parent is over":
            await store.append(Append(parent.id, epoch=1, to=RunState.SUCCEEDED))
        case "its parent is with another":
            offer = replace(offer, worker="other")
        case "it is no child":
            [child] = await line(store, "a", cause=Cause(CauseKind.RETRY, parent.id))
            offer = replace(offer, child=child)
        case "aside":
            await store.settle("here", Act("server", "server.copied", "server", 5, {}))
    assert await take(store, offer) is None


# -- many


@pytest.mark.parametrize("count", [20, 2000])
async def test_one_behind_many_that_may_not_start_is_found(store, count):
    await asyncio.gather(*(pressed(store, "full") for _ in range(count + 1)))  # a few transactions, not one for each
    await take(store)
    [free] = await line(store, "z-free")
    assert [await take(store), await take(store)] == [free, None]
    assert len(await store.runs(RunQuery(states=frozenset({RunState.WAITING}), limit=9999))) == count


# -- moments


async def test_the_next_moment_is_the_first_one_of_those_that_wait(store):
    assert await store.next_moment(after=0) is None
    later, soon = await line(store, "a", not_before=7000) + await line(store, "b", not_before=5000)
    await line(store, "a")
    assert [await store.next_moment(after=at) for at in (0, 4999, 5000, 7000)] == [5000, 5000, 7000, None]
    await store.append(Append(soon, to=RunState.CANCELLED))
    assert await store.next_moment(after=0) == 7000
    await store.append(Append(later, row={"not_before": 9000}))
    assert await store.next_moment(after=0) == 9000


async def test_a_moved_run_starts_at_its_new_moment(store):
    [run] = await line(store, "a", not_before=9000)
    assert await take(store, at=5000) is None
    await store.append(Append(run, row={"not_before": 5000}))
    assert await take(store, at=5000) == run


# -- pauses


async def paused(store: Store, what: str, until: int | None = 0) -> None:
    await store.pause(what, None if until is None else Pause(until), Act("ada", "task.pause", what, 5, {}))


async def test_nothing_of_a_task_starts_while_it_is_paused_and_others_do(store):
    first, other = await line(store, "a", "b")
    await paused(store, "a")
    assert [await take(store), await take(store)] == [other, None]
    await paused(store, "a", None)
    assert await take(store) == first


async def test_nothing_starts_while_everything_is_paused_and_all_in_their_order_afterwards(store):
    runs = await line(store, "a", "b", "c")
    await paused(store, EVERYTHING, 3000)
    assert [await take(store, at=at) for at in (2000, 2999)] == [None, None]
    assert [await take(store, at=3000) for _ in range(4)] == [*runs, None]


async def test_a_pause_of_schedules_keeps_nothing_back_and_a_paused_run_no_lock(store):
    await paused(store, ALL_OF_THEM)
    await paused(store, "a/nightly")
    _, run = await line(store, "b", "a", **locks("db"))
    await paused(store, "b")
    assert await take(store) == run


# -- the oldest, and the lines


async def test_whether_the_oldest_are_looked_at_first_changes_nothing(store, monkeypatch):
    dice = random.Random(seed := random.randrange(1 << 32))
    print("seed", seed)  # noqa: T201  shown where it fails
    await store.allow({"a": 2, "b": 1, "c": 5}, {"x": 1, "y": 2})
    offers = [Offer("w", 6, tags=frozenset(tags)) for tags in ((), ("gpu",))]
    going: list[int] = []
    for at in range(1000, 1120):
        more = {
            "tags": frozenset({"gpu"} if dice.random() < 0.3 else ()),
            "not_before": at + dice.randrange(60) if dice.random() < 0.3 else None,
        }
        await line(store, dice.choice("abc"), **more, **locks(*(name for name in "xy" if dice.random() < 0.2)))
        offer = dice.choice(offers).leaving_out({"c"} if dice.random() < 0.2 else ())
        found = []
        for few in (0, 3, 1000):
            monkeypatch.setattr(statements, "FEW", few)
            found.append(await store.first(offer, at=at))
        assert found[0] == found[1] == found[2]
        if run := await take(store, offer, at=at):
            going.append(run)
        if going and dice.random() < 0.6:
            await end(store, going.pop(dice.randrange(len(going))))
