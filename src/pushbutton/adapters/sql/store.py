"""`runtime.ports.Store` on any SQL database. Writing is in `writing`, what is asked for in `statements`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.domain.offer import NONE, Offer
from pushbutton.domain.order import Order
from pushbutton.domain.reach import Reach
from pushbutton.domain.run import UNFINISHED, WRONG, NewRun, Run, RunState
from pushbutton.domain.schedule import MOST, Firing, Pause
from pushbutton.errors import NoSuchRun
from pushbutton.runtime.ports import Append, Backlog, Pressed, RunQuery, Topics
from pushbutton.runtime.ports.people import Work as Change

from . import schedules, statements, writing
from .audit import SqlAudit
from .bundles import SqlBundles
from .connection import Database
from .deliveries import SqlDeliveries
from .files_seen import SqlFilesSeen
from .memos import SqlMemos
from .messages import SqlMessages
from .nodes import SqlNodes
from .people import SqlPeople
from .run_rows import RUN_COLUMNS, backlog_from, event_from, order_from, run_from
from .statements import UNFINISHED_STATES
from .trail import Trail


class SqlStore:
    """Everything that changes state runs inside one transaction of the single writer, so its reads are true."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._trail = Trail(database.end, database.dialect)
        self.people, self.audit = SqlPeople(database, self._trail), SqlAudit(database, self._trail)
        self.deliveries = SqlDeliveries(database)
        self.files_seen = SqlFilesSeen(database)
        self.memos = SqlMemos(database)
        self.messages = SqlMessages(database)
        self.bundles = SqlBundles(database, self._trail)
        self.nodes = SqlNodes(database, self._trail)

    async def open(self) -> None:
        await self._db.open()

    async def close(self) -> None:
        await self._db.close()

    # -- writing

    async def press(self, new: NewRun, also: Change | None = None) -> Pressed:
        return await self._db.write(lambda db: writing.press(db, self._trail, new, also))

    async def claim(self, offer: Offer, *, at: int, token: str) -> Run | None:
        return await self._db.write(lambda db: writing.claim(db, offer, at, token))

    async def allow(
        self, at_once: Mapping[str, int], places: Mapping[str, int] = NONE, *, all_tasks: bool = True
    ) -> None:
        await self._db.write(lambda db: writing.allow(db, at_once, places, all_tasks=all_tasks))

    async def append(self, entry: Append) -> Sequence[Event]:
        return await self._db.write(writing.append(self._trail, entry))

    async def order(self, run: int, orders: Sequence[Order], *, epoch: int) -> int:
        return await self._db.write(lambda db: writing.order(db, run, orders, epoch))

    async def settle(self, home: str, aside: Act | None = None, *, folder: str = "", only: Collection[str] = ()) -> int:
        return await self._db.write(lambda db: writing.settle(db, self._trail, home, aside, folder, only))

    async def say(self, draft: Draft, *, task: str | None = None) -> Event:
        return (await self._db.write(lambda db: writing.add_events(db, None, task, [draft])))[0]

    async def keep(self, name: str, event: int) -> None:
        await self._db.write(lambda db: writing.keep(db, name, event))

    async def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        clock = self._db.dialect.clock
        return await self._db.write(lambda db: writing.lease(db, name, holder, seconds, clock))

    async def fire(self, firings: Sequence[Firing]) -> None:
        await self._db.write(lambda db: schedules.fire(db, firings))

    async def pause(self, schedule: str, pause: Pause | None, act: Act) -> None:
        await self._db.write(lambda db: schedules.pause(db, self._trail, schedule, pause, act))

    async def forget(self, runs: Sequence[int]) -> None:
        await self._db.write(lambda db: writing.forget(db, runs))

    # -- reading

    async def run(self, number: int) -> Run:
        return await self._db.read(lambda db: writing.run_of(db, number))

    async def keyed(self, task: str, key: str) -> int:
        return await self._number("SELECT id FROM runs WHERE task = ? AND key = ? AND key <> ''", task, key)

    async def token(self, number: int) -> str:
        found = await self._db.read(lambda db: db.execute("SELECT token FROM runs WHERE id = ?", (number,)).fetchone())
        if found is None:
            raise NoSuchRun(number)
        return str(found[0])

    async def sealed(self, number: int) -> str:
        return await self._db.read(lambda db: writing.sealed_of(db, number))

    async def orders(self, run: int, *, after: int = 0) -> Sequence[Order]:
        sql = "SELECT n, kind, data, at FROM orders WHERE run = ? AND n > ? ORDER BY n"
        return await self._db.read(lambda db: [order_from(row) for row in db.execute(sql, (run, after))])

    async def ordered(self) -> Sequence[int]:
        return await self._db.read(lambda db: [row[0] for row in db.execute("SELECT DISTINCT run FROM orders")])

    async def first(self, offer: Offer, *, at: int) -> Run | None:
        lines, known = statements.lines(offer, at)
        this, values = statements.due(offer, at)
        sql = f"{lines} SELECT {RUN_COLUMNS} FROM runs WHERE {this}"
        row = await self._db.look(lambda db: db.execute(sql, [*known, *values]).fetchone())
        return run_from(row) if row else None

    async def firings(self, schedule: str, *, limit: int = MOST) -> Sequence[Firing]:
        return await self._db.read(lambda db: schedules.firings(db, schedule, limit))

    async def pauses(self) -> Mapping[str, Pause]:
        return await self._db.read(schedules.pauses)

    async def next_moment(self, *, after: int) -> int | None:
        found = await self._db.read(lambda db: db.execute(statements.NEXT_MOMENT, (after,)).get)
        return None if found is None else int(found)

    async def runs(self, query: RunQuery) -> Sequence[Run]:
        sql, values = statements.runs(query, self._db.dialect.like)
        return await self._db.read(lambda db: [run_from(row) for row in db.execute(sql, values)])

    async def events(
        self, topics: Topics, *, after: int, upto: int | None = None, limit: int = 1000, kind: Kind | None = None
    ) -> Sequence[Event]:
        asked = statements.events(topics, after, upto, limit, kind)
        if asked is None:
            return []
        sql, values = asked
        return await self._db.read(lambda db: [event_from(row) for row in db.execute(sql, values)])

    async def last_event(self, run: int | None = None) -> int:
        # Over all: the highest ever given, which may be of an event that is deleted.
        if run is None:
            return await self._number("SELECT value FROM meta WHERE name = 'events'")
        return await self._number("SELECT max(id) FROM events WHERE run = ?", run)

    async def aside(self) -> int:
        return await self._number(f"SELECT count(*) FROM runs WHERE state IN ({UNFINISHED_STATES}) AND aside = 1")

    async def home(self, folder: str = "") -> str:
        sql = "SELECT known FROM homes WHERE folder = ?"
        return str(await self._db.read(lambda db: db.execute(sql, (folder,)).get) or "")

    async def expired(
        self, before: int, *, keep: int, limit: int, task: str = "", but: Collection[str] = (), failed: bool = True
    ) -> Sequence[int]:
        stay = UNFINISHED_STATES if failed else statements.listed(UNFINISHED | WRONG)
        of = "task = ?" if task else f"task NOT IN ({statements.marks(but)})" if but else "1 = 1"
        sql = f"""SELECT id FROM runs WHERE {of} AND pressed_at < ? AND state NOT IN ({stay})
                  AND EXISTS (SELECT 1 FROM runs AS r WHERE r.task = runs.task AND r.id > runs.id LIMIT 1 OFFSET ?)
                  AND NOT EXISTS (SELECT 1 FROM runs AS t WHERE t.series = runs.series AND t.series > 0
                    AND t.state IN ({UNFINISHED_STATES}))
                  ORDER BY id LIMIT ?"""
        values = (*([task] if task else sorted(but)), before, max(0, keep - 1), limit)
        return await self._db.read(lambda db: [row[0] for row in db.execute(sql, values)])

    async def bookmark(self, name: str) -> int | None:
        found = await self._db.read(lambda db: db.execute("SELECT event FROM bookmarks WHERE name = ?", (name,)).get)
        return None if found is None else int(found)

    async def known(self, runs: Collection[int]) -> frozenset[int]:
        sql = f"SELECT id FROM runs WHERE id IN ({', '.join('?' * len(runs)) or 'NULL'})"
        return await self._db.read(lambda db: frozenset(row[0] for row in db.execute(sql, list(runs))))

    async def forgotten(self) -> int:
        return await self._number("SELECT value FROM meta WHERE name = 'forgotten'")

    async def size(self) -> int:
        return await self._number(self._db.dialect.size)

    async def counts(
        self, reach: Reach | None = None, *, states: Collection[RunState] = UNFINISHED
    ) -> Mapping[RunState, int]:
        sql = f"SELECT state, count(*) FROM runs WHERE state IN ({statements.listed(states)})"
        values: list[Any] = []
        if reach is not None:
            test, values = statements.within(reach)
            sql += f" AND {test}"
        sql += " GROUP BY state"
        return await self._db.read(lambda db: {RunState(state): n for state, n in db.execute(sql, values)})

    async def backlog(self, *, at: int) -> Sequence[Backlog]:
        values = (at, at)
        return await self._db.read(lambda db: [backlog_from(row) for row in db.execute(statements.BACKLOG, values)])

    # -- both

    async def _number(self, sql: str, *values: Any) -> int:
        """0 for nothing."""
        return int(await self._db.read(lambda db: db.execute(sql, values).get) or 0)
