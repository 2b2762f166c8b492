"""`runtime.ports.Store` in plain dictionaries: for tests of applications, and as the shortest statement of the port."""

from __future__ import annotations

import json
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from pushbutton.adapters.sql.run_rows import SETTABLE, dumps
from pushbutton.domain import retry
from pushbutton.domain.audit import Act
from pushbutton.domain.cause import CauseKind
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.domain.offer import NONE, ONE, Offer
from pushbutton.domain.order import Order, fits
from pushbutton.domain.pressing import (
    REPLACED,
    Answer,
    Known,
    came,
    counts,
    decide,
    fired,
    first_event,
    replaced,
    rested,
)
from pushbutton.domain.rate import free_at, is_by
from pushbutton.domain.reach import Reach
from pushbutton.domain.run import ACTIVE, BUSY, UNFINISHED, WRONG, NewRun, Run, RunState, before
from pushbutton.domain.schedule import ALL_OF_THEM, COPIED, EVERYTHING, MOST, Firing, Pause
from pushbutton.errors import Fenced, NoSuchRun, NotHeard
from pushbutton.runtime.ports import Append, Backlog, Pressed, RunQuery, Topics
from pushbutton.runtime.ports.people import Work
from pushbutton.sentence import kept, recalled

from .bundles import MemoryBundles
from .deliveries import MemoryDeliveries
from .files_seen import MemoryFilesSeen
from .memos import MemoryMemos
from .messages import MemoryMessages
from .nodes import MemoryNodes
from .people import MemoryAudit, MemoryPeople


class MemoryStore:
    """Nothing awaits inside a write, so each is one step; nothing survives the process."""

    def __init__(self, key: bytes = b"") -> None:
        self._runs: dict[int, Run] = {}
        self._events: list[Event] = []
        self._keys: dict[tuple[str, str], Known] = {}
        self._keyed: dict[tuple[str, str], int] = {}  # the run that was made with it
        self._tokens: dict[int, str] = {}
        self._sealed: dict[int, str] = {}
        self._orders: dict[int, list[Order]] = {}  # that wait, by run
        self._ordered: dict[int, int] = {}  # the last number that was given, by run
        self._last_run = self._last_event = self._forgotten = 0
        self._homes: dict[str, str] = {}
        self._firings: dict[str, dict[int, Firing]] = {}  # by schedule and due moment
        self._pauses: dict[str, Pause] = {}
        self._at_once: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._bookmarks: dict[str, int] = {}
        self._leases: dict[str, tuple[str, int]] = {}
        self.audit = MemoryAudit(key)
        self.people = MemoryPeople(self.audit)
        self.deliveries = MemoryDeliveries()
        self.files_seen = MemoryFilesSeen()
        self.memos = MemoryMemos()
        self.messages = MemoryMessages()
        self.bundles = MemoryBundles(self.audit, self._bundles)
        self.nodes = MemoryNodes(self.audit, lambda name: any(run.worker == name for run in self._active()))

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def press(self, new: NewRun, also: Work | None = None) -> Pressed:
        known = self._keys.get((new.task, new.key)) if new.key else None
        busy = self._busy(new) if counts(new) else ()
        answer = decide(new, known, busy, self._free_at(new), self._pauses.get(new.task))
        if isinstance(answer, Answer):
            if answer.keep_key:
                self._keys[new.task, new.key] = Known(answer.run, new.fingerprint)
            if answer.act:
                self.audit.add(answer.act)
            self._fire(fired(new, answer.run))
            self.deliveries.add(came(new, answer.run, made=False))
            self.files_seen.add(rested(new, answer.run))
            return Pressed(self._newest(answer.run), made=False)
        if also:
            self.people.apply(also)  # first: when it refuses, nothing was done yet
        if answer.replaces:
            self._replace(new)
        made = answer.runs(self._last_run + 1)
        self._last_run += answer.count
        for run, asked in sorted(made, key=lambda pair: pair[0].id):
            self._runs[run.id] = run
            if asked.sealed and not run.state.over:
                self._sealed[run.id] = asked.sealed
            if asked.key:
                self._keys[asked.task, asked.key] = Known(run.id, asked.fingerprint)
                self._keyed[asked.task, asked.key] = run.id
        for run, asked in made:
            self._add(run, [first_event(run)])
            self.audit.add(asked.act(run.id))
        *plans, (run, _) = made
        self._fire(fired(new, run.id, run.state))
        self.deliveries.add(came(new, run.id, made=True))
        self.files_seen.add(rested(new, run.id))
        return Pressed(run, made=True, plan=plans[0][0] if plans else None)

    def _bundles(self) -> frozenset[str]:
        """Those that unfinished runs were pressed with."""
        return frozenset(run.bundle for run in self._runs.values() if run.bundle and not run.state.over)

    def _newest(self, number: int) -> Run:
        run = self._runs[number]
        while run.next:
            run = self._runs[run.next]
        return run

    def _free_at(self, new: NewRun) -> int:
        found = 0
        for rate in new.rates:
            mine = [run for run in self._runs.values() if run.task == new.task and run.state is not RunState.SKIPPED]
            newest = [
                run.pressed_at
                for run in reversed(mine)
                if run.cause.kind not in (CauseKind.RUN, CauseKind.RETRY)
                and (not rate.person or is_by(new.person, run.actor))
            ]
            found = max(found, free_at(rate, newest[: rate.count], new.at))
        return found

    def _replace(self, new: NewRun) -> None:
        for number in self._busy(new):
            run = self._runs[number]
            if run.state is RunState.WAITING and run.cause.kind is not CauseKind.RUN:
                gone = replace(run, state=RunState.SKIPPED, ended_at=new.at, reason=str(REPLACED))
                self._runs[number] = gone
                self._sealed.pop(number, None)
                self._add(gone, [replaced(new.at)])

    def _busy(self, new: NewRun) -> Sequence[int]:
        mine = (run for run in self._runs.values() if run.task == new.task)
        return [run.id for run in mine if run.state in BUSY and not run.aside and not run.for_later(new.at)]

    async def first(self, offer: Offer, *, at: int) -> Run | None:
        if sum(run.worker == offer.worker for run in self._active()) >= offer.slots:
            return None
        heads: dict[tuple[str, frozenset[str], frozenset[str], bool], Run] = {}
        for run in self._runs.values():  # oldest first
            if run.state is RunState.WAITING and not run.aside:
                line = (run.task, run.tags, run.locks, run.not_before is None)
                if line not in heads or (run.not_before or 0) < (heads[line].not_before or 0):
                    heads[line] = run
        taken = Counter(name for run in self._active() for name in run.locks)
        for run in sorted(heads.values(), key=lambda run: run.id):
            if self._fits(run, offer, at):
                has_locks = all(taken[name] < self._places.get(name, ONE) for name in run.locks)
                if has_locks and offer.task in ("", run.task):
                    return run
                taken.update(run.locks)  # its turn comes before that of younger ones
        return None

    def _fire(self, firings: Sequence[Firing]) -> None:
        for one in firings:
            kept = self._firings.setdefault(one.schedule, {})
            kept.setdefault(one.due, one)
            for due in sorted(kept)[:-MOST]:
                del kept[due]

    async def fire(self, firings: Sequence[Firing]) -> None:
        self._fire(firings)

    async def firings(self, schedule: str, *, limit: int = MOST) -> Sequence[Firing]:
        kept = self._firings.get(schedule, {})
        return [kept[due] for due in sorted(kept, reverse=True)[:limit]]

    async def pause(self, schedule: str, pause: Pause | None, act: Act) -> None:
        self._pauses.pop(schedule, None)
        if pause:
            self._pauses[schedule] = pause
        self.audit.add(act)

    async def pauses(self) -> Mapping[str, Pause]:
        return dict(self._pauses)

    async def next_moment(self, *, after: int) -> int | None:
        waiting = (run for run in self._runs.values() if run.state is RunState.WAITING and not run.aside)
        return min((run.not_before for run in waiting if run.not_before and run.not_before > after), default=None)

    def _fits(self, run: Run, offer: Offer, at: int) -> bool:
        return (
            run.task not in offer.without
            and not any(name in self._pauses and self._pauses[name].holds(at) for name in (run.task, EVERYTHING))
            and run.tags <= offer.tags
            and (run.not_before or 0) <= at
            and sum(other.task == run.task for other in self._active()) < self._at_once.get(run.task, ONE)
        )

    def _active(self) -> list[Run]:
        return [run for run in self._runs.values() if run.state in ACTIVE]

    async def claim(self, offer: Offer, *, at: int, token: str) -> Run | None:
        run = self._of_parent(offer) if offer.child else await self.first(offer, at=at)
        if run is None:
            return None
        mine = replace(
            run, state=RunState.RUNNING, epoch=run.epoch + 1, worker=offer.worker, started_at=at, collected=0
        )
        self._runs[run.id] = mine
        self._tokens[run.id] = token
        self._add(mine, [Draft(Kind.STATE, {"state": "running", "epoch": mine.epoch}, at)])
        return mine

    def _of_parent(self, offer: Offer) -> Run | None:
        run = self._runs.get(offer.child)
        if run is None or run.state is not RunState.WAITING or run.aside or run.cause.kind is not CauseKind.RUN:
            return None
        parent = self._runs.get(run.cause.parent)
        return run if parent and parent.state in ACTIVE and parent.worker == offer.worker else None

    async def allow(
        self, at_once: Mapping[str, int], places: Mapping[str, int] = NONE, *, all_tasks: bool = True
    ) -> None:
        self._at_once = dict(at_once) if all_tasks else {**self._at_once, **at_once}
        self._places = dict(places) if all_tasks else {**self._places, **places}

    async def append(self, entry: Append) -> Sequence[Event]:
        run = await self.run(entry.run)
        if unknown := entry.row.keys() - SETTABLE:
            raise ValueError(f"not columns of a run that may be set: {sorted(unknown)}")
        fenced = entry.epoch is not None and (run.epoch != entry.epoch or run.state.over)
        fenced = fenced or (entry.order is not None and not run.state.active)
        fenced = fenced or (entry.seen is not None and run.hold != entry.seen)
        if fenced or (entry.to and run.state not in before(entry.to)):
            raise Fenced(f"run {run.id} is {run.state} at epoch {run.epoch}, not as epoch {entry.epoch} expected")
        columns: dict[str, Any] = dict(entry.row)
        if "survivors" in columns:
            columns["survivors"] = tuple(columns["survivors"])
        if entry.to:
            columns["state"] = entry.to
        if entry.hold:
            columns["hold"] = entry.hold
        sealed = self._sealed.get(run.id, "")
        if entry.to and entry.to.over:
            columns["sealed"] = ""
        if "sealed" in columns:
            self._sealed[run.id] = columns.pop("sealed")
        self._runs[run.id] = replace(run, **columns)
        if entry.act:
            self.audit.add(entry.act)
        if entry.order:
            self._order(run.id, [entry.order])
        if waiting := self._orders.pop(run.id, []):
            over = entry.to and entry.to.over
            self._orders[run.id] = [order for order in waiting if order.n > entry.heard and not over]
        again = entry.again if not self._runs[run.id].stop_by else None
        if again is None:
            return self._add(run, entry.drafts)
        return self._try_again(self._runs[run.id], sealed, entry.drafts, again)

    def _try_again(self, run: Run, sealed: str, drafts: Sequence[Draft], again: int) -> list[Event]:
        self._last_run += 1
        made = retry.following(run, self._last_run, drafts[-1].at, again)
        self._runs[run.id] = replace(run, next=made.id, series=made.series)
        self._runs[made.id] = made
        self._sealed |= {made.id: sealed} if sealed else {}
        events = self._add(run, retry.told(drafts, made))
        self._add(made, [first_event(made)])
        self.audit.add(retry.act(made))
        return events

    async def order(self, run: int, orders: Sequence[Order], *, epoch: int) -> int:
        now = await self.run(run)
        if now.epoch != epoch or now.state.over:
            raise Fenced(f"run {run} is {now.state} at epoch {now.epoch}, not as epoch {epoch} expected")
        return self._order(run, orders)

    def _order(self, run: int, orders: Sequence[Order]) -> int:
        waiting = self._orders.setdefault(run, [])
        size, more = (sum(len(dumps(order.data)) for order in some) for some in (waiting, orders))
        if not fits(len(waiting), size, orders, more):
            raise NotHeard(run)
        last = self._ordered.get(run, 0)
        waiting += [replace(order, n=n) for n, order in enumerate(orders, last + 1)]
        self._ordered[run] = last + len(orders)
        return self._ordered[run]

    async def orders(self, run: int, *, after: int = 0) -> Sequence[Order]:
        return [order for order in self._orders.get(run, ()) if order.n > after]

    async def ordered(self) -> Sequence[int]:
        return [run for run, waiting in self._orders.items() if waiting]

    async def aside(self) -> int:
        return sum(run.aside and not run.state.over for run in self._runs.values())

    async def home(self, folder: str = "") -> str:
        return self._homes.get(folder, "")

    async def settle(self, home: str, aside: Act | None = None, *, folder: str = "", only: Collection[str] = ()) -> int:
        self._homes[folder], count = home, 0
        if aside:
            going = {
                number: replace(run, aside=True)
                for number, run in self._runs.items()
                if (run.state.active and run.worker in only if only else not run.state.over)
            }
            self._runs |= going
            count = len(going)
            if not only:
                self._bookmarks, self._leases = {}, {}
                self.messages.drop_waiting()
                self._pauses.setdefault(ALL_OF_THEM, Pause(0, COPIED, aside.actor))
            self.audit.add(replace(aside, data={**aside.data, "runs": count}))
        return count

    async def say(self, draft: Draft, *, task: str | None = None) -> Event:
        return self._add(None, [draft], task)[0]

    def _add(self, run: Run | None, drafts: Sequence[Draft], task: str | None = None) -> list[Event]:
        made = []
        for draft in drafts:
            data = recalled(json.loads(dumps(kept(draft.data))))  # what is no JSON is refused here too
            number, slug, group = (run.id, run.task, run.group) if run else (None, task, "")
            self._last_event += 1
            made.append(Event(self._last_event, number, slug, draft.at, draft.kind, data, group))
            self._events.append(made[-1])
        return made

    async def run(self, number: int) -> Run:
        if number not in self._runs:
            raise NoSuchRun(number)
        return self._runs[number]

    async def keyed(self, task: str, key: str) -> int:
        number = self._keyed.get((task, key), 0)
        return number if number in self._runs else 0

    async def token(self, number: int) -> str:
        await self.run(number)
        return self._tokens.get(number, "")

    async def sealed(self, number: int) -> str:
        await self.run(number)
        return self._sealed.get(number, "")

    async def runs(self, query: RunQuery) -> Sequence[Run]:
        return [run for run in reversed(self._runs.values()) if _matches(run, query)][: query.limit]

    async def events(
        self, topics: Topics, *, after: int, upto: int | None = None, limit: int = 1000, kind: Kind | None = None
    ) -> Sequence[Event]:
        first = bisect_right(self._events, after, key=lambda event: event.id)
        last = bisect_right(self._events, upto, key=lambda event: event.id) if upto is not None else None
        found = (event for event in self._events[first:last] if topics.match(event) and kind in (None, event.kind))
        return list(islice(found, limit))

    async def last_event(self, run: int | None = None) -> int:
        if run is None:
            return self._last_event
        return max((event.id for event in self._events if event.run == run), default=0)

    async def expired(
        self, before: int, *, keep: int, limit: int, task: str = "", but: Collection[str] = (), failed: bool = True
    ) -> Sequence[int]:
        found = []
        for run in self._runs.values():
            newer = sum(other.task == run.task and other.id > run.id for other in self._runs.values())
            going = run.series and not self._newest(run.id).state.over
            meant = task in ("", run.task) and run.task not in but and (failed or run.state not in WRONG)
            if meant and run.pressed_at < before and run.state.over and newer >= max(1, keep) and not going:
                found.append(run.id)
        return found[:limit]

    async def forget(self, runs: Sequence[int]) -> None:
        gone = {number for number in runs if number in self._runs and self._runs[number].state.over}
        self._forgotten = max([self._forgotten, *(event.id for event in self._events if event.run in gone)])
        self._runs = {number: run for number, run in self._runs.items() if number not in gone}
        self._events = [event for event in self._events if event.run not in gone]
        self._keys = {key: known for key, known in self._keys.items() if known.run not in gone}

    async def bookmark(self, name: str) -> int | None:
        return self._bookmarks.get(name)

    async def keep(self, name: str, event: int) -> None:
        self._bookmarks[name] = event

    async def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        at = time.time_ns() // 1000
        has, ends = self._leases.get(name, (holder, 0))
        if has != holder and ends > at:
            return False
        self._leases[name] = (holder, at + int(seconds * 1_000_000))
        return True

    async def known(self, runs: Collection[int]) -> frozenset[int]:
        return frozenset(runs) & self._runs.keys()

    async def forgotten(self) -> int:
        return self._forgotten

    async def size(self) -> int:
        return 0

    async def counts(
        self, reach: Reach | None = None, *, states: Collection[RunState] = UNFINISHED
    ) -> Mapping[RunState, int]:
        seen = [run for run in self._runs.values() if reach is None or reach.holds(run.task, run.group)]
        found = [run.state for run in seen if run.state in states]
        return {state: found.count(state) for state in set(found)}

    async def backlog(self, *, at: int) -> Sequence[Backlog]:
        found: dict[tuple[str, RunState], list[Run]] = {}
        for run in self._runs.values():
            if run.state in UNFINISHED:
                found.setdefault((run.task, run.state), []).append(run)
        return [_backlog(task, state, runs, at) for (task, state), runs in sorted(found.items())]


def _backlog(task: str, state: RunState, runs: Sequence[Run], at: int) -> Backlog:
    waiting = [run for run in runs if run.state is RunState.WAITING and not run.aside and not run.for_later(at)]
    since = min((run.not_before or run.pressed_at for run in waiting), default=None)
    return Backlog(task, state, len(runs), len(waiting), since)


def _matches(run: Run, query: RunQuery) -> bool:
    texts = (run.title, dumps(run.inputs), run.status, run.reason, run.why, run.actor)
    return (
        (not query.task or run.task == query.task)
        and (query.reach is None or query.reach.holds(run.task, run.group))
        and (not query.states or run.state in query.states)
        and (not query.actor or run.actor == query.actor)
        and (not query.aside or run.aside)
        and (not query.series or run.series == query.series)
        and (not query.later or (run.not_before or 0) >= query.later)
        and not (query.newest and run.next)
        and (not query.worker or run.worker == query.worker)
        and (not query.since or run.pressed_at >= query.since)
        and (not query.until or run.pressed_at < query.until)
        and (not query.before or run.id < query.before)
        and (not query.text or any(query.text.lower() in text.lower() for text in texts))
    )
