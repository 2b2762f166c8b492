"""What every store must guarantee of its nodes, see `runtime.ports.nodes`."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from pushbutton.domain import node as nodes
from pushbutton.domain.audit import Act
from pushbutton.domain.node import Node, NodeKind
from pushbutton.domain.offer import Offer
from pushbutton.domain.run import NewRun, RunState
from pushbutton.errors import NameTaken, NoSuchNode
from pushbutton.runtime.ports import Append, RunQuery
from pushbutton.runtime.ports.people import AuditQuery

ONE = Node("one", NodeKind.WORKER, folder="f1", tags=frozenset({"gpu", "site-b"}), room=4, version="1", host="h")
TWO = Node("two", NodeKind.SERVER, folder="f2", room=2, version="1", host="h")
DRAIN = Act("ada", "worker.drain", "worker one", 5)


def clock() -> int:
    return time.time_ns() // 1000


async def test_a_node_that_has_joined_is_there_as_it_said(store):
    before = clock()
    await store.nodes.join(TWO, clock=clock())
    await store.nodes.join(ONE, clock=clock())
    one, two = await store.nodes.all()
    assert (one.name, one.kind, one.folder, one.tags) == ("one", NodeKind.WORKER, "f1", {"gpu", "site-b"})
    assert (one.room, one.version, one.host) == (4, "1", "h")
    assert (two.name, two.kind, two.tags) == ("two", NodeKind.SERVER, frozenset())
    assert before - 1_000_000 < one.started <= one.seen
    assert 0 <= one.silent < 60
    assert abs(one.ahead) < 60
    assert (one.draining, one.left) == (False, False)


async def test_a_sign_of_life_is_of_the_stores_clock_and_says_how_far_its_own_is_off(store):
    await store.nodes.join(ONE, clock=clock())
    (before,) = await store.nodes.all()
    answer = await store.nodes.beat("one", clock=clock() + 90_000_000)
    assert answer is not None
    assert not answer.draining
    assert 60_000_000 < answer.ahead < 120_000_000
    (after,) = await store.nodes.all()
    assert before.seen < after.seen < before.seen + 60_000_000
    assert after.started == before.started
    assert 60 < after.ahead < 120
    assert after.skewed


async def test_one_that_is_not_known_is_told_so(store):
    assert await store.nodes.beat("one", clock=clock()) is None


async def test_a_node_that_is_drained_learns_it_by_its_next_sign_of_life_and_it_is_recorded(store):
    await store.nodes.join(ONE, clock=clock())
    await store.nodes.drain("one", DRAIN)
    assert (await store.nodes.beat("one", clock=clock())).draining
    assert [one.draining for one in await store.nodes.all()] == [True]
    assert [record.act for record in await store.audit.records(AuditQuery())] == [DRAIN]
    await store.nodes.drain("one", DRAIN, on=False)
    assert not (await store.nodes.beat("one", clock=clock())).draining


async def test_one_that_is_not_there_cannot_be_drained_and_nothing_is_recorded(store):
    with pytest.raises(NoSuchNode, match="no worker named “one”"):
        await store.nodes.drain("one", DRAIN)
    assert await store.audit.records(AuditQuery()) == []


async def test_one_that_ended_said_so_until_it_joins_again(store):
    await store.nodes.join(ONE, clock=clock())
    await store.nodes.drain("one", DRAIN)
    await store.nodes.leave("one")
    assert [(one.left, one.here) for one in await store.nodes.all()] == [(True, False)]
    await store.nodes.join(ONE, clock=clock())
    assert [(one.left, one.draining, one.here) for one in await store.nodes.all()] == [(False, False, True)]


async def test_a_name_is_not_another_folders_while_that_one_has_runs(store):
    await store.nodes.join(ONE, clock=clock())
    await store.press(NewRun("deploy", "Deploy", "ada", {}, 1000))
    run = await store.claim(Offer("one", 4), at=2000, token="")
    assert run
    other = Node("one", NodeKind.SERVER, folder="f3", room=9)
    with pytest.raises(NameTaken, match="The name one is that of a node with another data folder"):
        await store.nodes.join(other, clock=clock())
    assert [one.folder for one in await store.nodes.all()] == ["f1"]
    await store.nodes.join(ONE, clock=clock())
    await store.append(Append(run.id, to=RunState.SUCCEEDED))
    await store.nodes.join(other, clock=clock())
    assert [(one.folder, one.room) for one in await store.nodes.all()] == [("f3", 9)]


async def test_what_was_not_heard_of_for_long_goes_unless_it_has_runs(store, monkeypatch):
    for module in ("pushbutton.adapters.sql.nodes", "pushbutton.adapters.memory.nodes"):
        monkeypatch.setattr(f"{module}.KEPT", -60.0)
    await store.nodes.join(ONE, clock=clock())
    await store.press(NewRun("deploy", "Deploy", "ada", {}, 1000))
    assert await store.claim(Offer("one", 4), at=2000, token="")
    await store.nodes.join(TWO, clock=clock())
    await store.nodes.join(Node("three", NodeKind.WORKER), clock=clock())
    assert [one.name for one in await store.nodes.all()] == ["one", "three"]


async def test_each_data_folder_is_known_again_by_itself(store):
    await store.settle("here", folder="f1")
    await store.settle("there", folder="f2")
    assert [await store.home(folder) for folder in ("f1", "f2", "f3", "")] == ["here", "there", "", ""]


async def test_a_limit_of_a_task_that_is_not_named_stays_where_others_have_tasks_too(store):
    await store.allow({"deploy": 3})
    await store.allow({"report": 1}, all_tasks=False)
    for number in range(3):
        await store.press(NewRun("deploy", "Deploy", "ada", {}, 1000 + number))
    given = [await store.claim(Offer("one", 9), at=2000, token="") for _ in range(3)]
    assert all(given)
    await store.allow({"deploy": 1}, all_tasks=False)
    await store.press(NewRun("deploy", "Deploy", "ada", {}, 1009))
    assert await store.claim(Offer("one", 9), at=2000, token="") is None


def test_a_node_takes_what_needs_no_other_tags_and_only_while_it_is_there():
    assert ONE.takes(["gpu"])
    assert ONE.takes([])
    assert not ONE.takes(["gpu", "site-a"])
    gone = [
        replace(ONE, left=True),
        replace(ONE, draining=True),
        replace(ONE, silent=nodes.SILENCE + 1),
        replace(ONE, room=0),
    ]
    assert [one.takes([]) for one in gone] == [False] * 4


async def test_of_a_copied_folder_only_its_own_runs_are_set_aside_while_others_are_there(store):
    await store.allow({"deploy": 9})
    for _ in range(3):
        await store.press(NewRun("deploy", "Deploy", "ada", {}, 1))
    mine, other = [await store.claim(Offer(name, 1), at=5, token="") for name in ("one", "two")]
    await store.keep("told", 1)
    copied = Act("server", "server.copied", "server", 5, {"why": "x"})
    assert await store.settle("here", copied, folder="f1", only=["one"]) == 1
    assert {run.id: run.aside for run in await store.runs(RunQuery())} == {mine.id: True, other.id: False, 3: False}
    assert await store.bookmark("told") == 1
    assert await store.pauses() == {}
