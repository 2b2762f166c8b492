"""`runtime.ports.Store` on SQLite. The SQL is plain enough for PostgreSQL; what is special lies in `database`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw

from pushbutton.adapters.rows import (
    EVENT_COLUMNS,
    RUN_COLUMNS,
    SETTABLE,
    dumps,
    event_from,
    hold_text,
    run_from,
)
from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.domain.pressing import Answer, Known, counts, decide, first_event
from pushbutton.domain.reach import Reach
from pushbutton.domain.run import ACTIVE, BUSY, UNFINISHED, NewRun, Run, RunState, before
from pushbutton.errors import Fenced, NoSuchRun
from pushbutton.runtime.ports import Append, Claim, Claimed, Pressed, RunQuery, Topics
from pushbutton.runtime.ports.people import Work

from .audit import SqliteAudit, record
from .database import Database
from .end import End
from .people import SqlitePeople, change


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))


def _list(states: frozenset[RunState]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


_ACTIVE, _BUSY, _UNFINISHED = _list(ACTIVE), _list(BUSY), _list(UNFINISHED)


class SqliteStore:
    """Everything that changes state runs inside one transaction of the single writer, so its reads are true."""

    def __init__(self, path: Path, key: bytes = b"", *, apart: Path | None = None) -> None:
        """`key`: of the audit trail's chain; `apart`: the file in which its end is noted, see `end`."""
        self._db = Database(path, End(key, apart))
        self.people, self.audit = SqlitePeople(self._db), SqliteAudit(self._db)

    async def open(self) -> None:
        await self._db.open()

    async def close(self) -> None:
        await self._db.close()

    # -- writing

    async def press(self, new: NewRun, also: Work | None = None) -> Pressed:
        return await self._db.write(lambda db: _press(db, self._db.end, new, also))

    async def claim(self, run: int, *, worker: str, at: int, task_limit: int, total_limit: int, token: str) -> Claimed:
        return await self._db.write(lambda db: _claim(db, run, (worker, at, token), task_limit, total_limit))

    async def append(self, entry: Append) -> Sequence[Event]:
        return await self._db.write(lambda db: _append(db, self._db.end, entry))

    async def settle(self, home: str, aside: Act | None = None) -> int:
        return await self._db.write(lambda db: _settle(db, self._db.end, home, aside))

    async def say(self, draft: Draft, *, task: str | None = None) -> Event:
        return (await self._db.write(lambda db: _insert(db, None, task, [draft])))[0]

    # -- reading

    async def run(self, number: int) -> Run:
        return await self._db.read(lambda db: _run(db, number))

    async def token(self, number: int) -> str:
        found = await self._db.read(lambda db: db.execute("SELECT token FROM runs WHERE id = ?", (number,)).fetchone())
        if found is None:
            raise NoSuchRun(number)
        return str(found[0])

    async def runs(self, query: RunQuery) -> Sequence[Run]:
        sql, values = _where(query)
        return await self._db.read(lambda db: [run_from(row) for row in db.execute(sql, values)])

    async def events(
        self, topics: Topics, *, after: int, upto: int | None = None, limit: int = 1000, kind: Kind | None = None
    ) -> Sequence[Event]:
        span = (after, upto if upto is not None else (1 << 62), *((kind.value,) if kind else ()), limit)
        wanted = "AND kind = ? " if kind else ""
        arms: list[tuple[str, tuple[Any, ...]]]
        if topics.everything:
            arms = [("1", ())]
        else:
            # One index range per topic: a single OR would make SQLite read everything after `after`.
            arms = [("run IS NULL AND task IS NULL", ())] if topics.tasks else []
            arms += [("run = ?", (run,)) for run in sorted(topics.runs)]
            arms += [_task_arm(task, topics.reach) for task in sorted(topics.tasks)]
            if not arms:
                return []
        one = (
            f"SELECT * FROM (SELECT {EVENT_COLUMNS} FROM events WHERE {{}} AND id > ? AND id <= ? {wanted}"
            "ORDER BY id LIMIT ?)"
        )
        sql = " UNION ".join(one.format(arm) for arm, _ in arms) + " ORDER BY id LIMIT ?"
        values = [value for _, own in arms for value in (*own, *span)] + [limit]
        return await self._db.read(lambda db: [event_from(row) for row in db.execute(sql, values)])

    async def last_event(self, run: int | None = None) -> int:
        # Over all: the highest ever given, which may be of an event that is deleted.
        sql, values = (
            ("SELECT coalesce(max(id), 0) FROM events WHERE run = ?", (run,))
            if run is not None
            else ("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'", ())
        )
        return int(await self._db.read(lambda db: db.execute(sql, values).get))

    async def aside(self) -> int:
        sql = f"SELECT count(*) FROM runs WHERE state IN ({_UNFINISHED}) AND aside = 1"
        return int(await self._db.read(lambda db: db.execute(sql).get))

    async def home(self) -> str:
        return str(await self._db.read(lambda db: db.execute("SELECT known FROM home").get) or "")

    async def expired(self, before: int, *, keep: int, limit: int) -> Sequence[int]:
        sql = f"""SELECT id FROM runs WHERE pressed_at < ? AND state NOT IN ({_UNFINISHED})
                  AND EXISTS (SELECT 1 FROM runs AS r WHERE r.task = runs.task AND r.id > runs.id LIMIT 1 OFFSET ?)
                  ORDER BY id LIMIT ?"""
        values = (before, max(0, keep - 1), limit)
        return await self._db.read(lambda db: [row[0] for row in db.execute(sql, values)])

    async def forget(self, runs: Sequence[int]) -> None:
        await self._db.write(lambda db: _forget(db, runs))

    async def forgotten(self) -> int:
        sql = "SELECT coalesce(max(value), 0) FROM meta WHERE name = 'forgotten'"
        return int(await self._db.read(lambda db: db.execute(sql).get))

    async def counts(self, reach: Reach | None = None) -> Mapping[RunState, int]:
        sql = f"SELECT state, count(*) FROM runs WHERE state IN ({_UNFINISHED})"
        values: list[Any] = []
        if reach is not None:
            test, values = _within(reach)
            sql += f" AND {test}"
        sql += " GROUP BY state"
        return await self._db.read(lambda db: {RunState(state): n for state, n in db.execute(sql, values)})


_BEYOND = (1 << 63) - 1
"""The largest number that SQLite has; no run comes near it."""


def _run(db: apsw.Connection, number: int) -> Run:
    row = db.execute(f"SELECT {RUN_COLUMNS} FROM runs WHERE id = ?", (min(number, _BEYOND),)).fetchone()
    if row is None:
        raise NoSuchRun(number)
    return run_from(row)


def _within(reach: Reach, task: str = "") -> tuple[str, list[Any]]:
    """A condition for the runs within it, and its values; `task`: of this one only."""
    if task:
        groups = reach.groups(task)
        return ("1", []) if groups is None else (f'"group" IN ({_marks(groups)})', sorted(groups))
    # All tasks first: they are what an index can be asked for.
    test, values = f"task IN ({_marks(reach.tasks)})", sorted(reach.tasks)
    if reach.parts:
        tests = [f"task IN ({_marks(reach.whole)})"] if reach.whole else []
        values += sorted(reach.whole)
        for groups, tasks in reach.parts:
            tests.append(f'"group" IN ({_marks(groups)}) AND task IN ({_marks(tasks)})')
            values += [*sorted(groups), *sorted(tasks)]
        test += f" AND ({' OR '.join(tests)})"
    return test, values


def _task_arm(task: str, reach: Reach | None) -> tuple[str, tuple[Any, ...]]:
    """A condition for a task's events."""
    groups = reach.groups(task) if reach is not None else None
    if groups is None:
        return "task = ?", (task,)
    inside = f'(SELECT "group" FROM runs WHERE id = events.run) IN ({_marks(groups)})'
    return f"task = ? AND (run IS NULL OR {inside})", (task, *sorted(groups))


def _insert(
    db: apsw.Connection, run: int | None, task: str | None, drafts: Sequence[Draft], group: str = ""
) -> list[Event]:
    events = []
    for draft in drafts:
        data = dumps(draft.data)
        number = db.execute(
            "INSERT INTO events (run, task, at, kind, data) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (run, task, draft.at, draft.kind.value, data),
        ).get
        events.append(Event(number, run, task, draft.at, draft.kind, draft.data, group))
    return events


def _press(db: apsw.Connection, end: End, new: NewRun, also: Work | None) -> Pressed:
    answer = decide(new, _known(db, new) if new.key else None, _busy(db, new.task) if counts(new) else ())
    if isinstance(answer, Answer):
        if answer.keep_key:
            stands_for = (new.task, new.key, answer.run, new.fingerprint)
            db.execute("INSERT INTO joined (task, key, run, fingerprint) VALUES (?, ?, ?, ?)", stands_for)
        if answer.act:
            record(db, end, answer.act)
        return Pressed(_run(db, answer.run), made=False)
    made = answer.runs(_free_number(db))
    for run, asked in made:
        _add(db, run, asked)
    for run, asked in made:
        _insert(db, run.id, run.task, [first_event(run)], run.group)
        record(db, end, asked.act(run.id))
    if also:
        change(db, end, also)
    *plans, (run, _) = made
    return Pressed(run, made=True, plan=plans[0][0] if plans else None)


def _known(db: apsw.Connection, new: NewRun) -> Known | None:
    row = db.execute(
        "SELECT id, fingerprint FROM runs WHERE task = ? AND key = ?"
        " UNION ALL SELECT run, fingerprint FROM joined WHERE task = ? AND key = ?",
        (new.task, new.key, new.task, new.key),
    ).fetchone()
    return Known(*row) if row else None


def _busy(db: apsw.Connection, task: str) -> Sequence[int]:
    sql = f"SELECT id FROM runs WHERE state IN ({_BUSY}) AND task = ? AND aside = 0 ORDER BY id"
    return [row[0] for row in db.execute(sql, (task,))]


def _free_number(db: apsw.Connection) -> int:
    return 1 + int(db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'runs'").get)


def _add(db: apsw.Connection, run: Run, new: NewRun) -> None:
    db.execute(
        "INSERT INTO runs (id, task, title, state, actor, inputs, pressed_at, ended_at, why, reason, key, fingerprint,"
        ' hold, "group") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        (
            *(run.id, run.task, run.title, run.state.value, run.actor, dumps(run.inputs), run.pressed_at),
            *(run.ended_at, run.why, run.reason, new.key, new.fingerprint),
            *(hold_text(run.hold) if run.hold else "", run.group),
        ),
    )


def _claim(db: apsw.Connection, number: int, by: tuple[str, int, str], task_limit: int, total_limit: int) -> Claimed:
    row = db.execute(
        f"""UPDATE runs SET state = 'running', epoch = epoch + 1, worker = ?, started_at = ?, token = ?, collected = 0
            WHERE id = ? AND state = 'waiting' AND aside = 0
              AND (SELECT count(*) FROM runs AS r WHERE r.state IN ({_ACTIVE}) AND r.task = runs.task) < ?
              AND (SELECT count(*) FROM runs AS r WHERE r.state IN ({_ACTIVE})) < ?
            RETURNING {RUN_COLUMNS}""",
        (*by, number, task_limit, total_limit),
    ).fetchone()
    if row is not None:
        run = run_from(row)
        _insert(db, run.id, run.task, [Draft(Kind.STATE, {"state": "running", "epoch": run.epoch}, by[1])], run.group)
        return Claimed(Claim.YES, run)
    waits = db.execute("SELECT 1 FROM runs WHERE id = ? AND state = 'waiting' AND aside = 0", (number,)).get
    if not waits:
        return Claimed(Claim.GONE)
    running = db.execute(f"SELECT count(*) FROM runs WHERE state IN ({_ACTIVE})").get
    return Claimed(Claim.FULL if running >= total_limit else Claim.TASK_BUSY)


def _append(db: apsw.Connection, end: End, entry: Append) -> Sequence[Event]:
    columns = dict(entry.row)
    if unknown := columns.keys() - SETTABLE:
        raise ValueError(f"not columns of a run that may be set: {sorted(unknown)}")
    if "survivors" in columns:
        columns["survivors"] = dumps(columns["survivors"])
    states = UNFINISHED if entry.epoch is not None else frozenset(RunState)
    if entry.to:
        columns["state"] = entry.to.value
        states &= before(entry.to)
    if entry.hold:
        columns["hold"] = hold_text(entry.hold)
    sets = ", ".join(f"{name} = ?" for name in columns) or "id = id"
    if entry.seen and _run(db, entry.run).hold != entry.seen:
        raise Fenced(f"the approval of run {entry.run} has gone on")
    fence = "AND epoch = ?" if entry.epoch is not None else ""
    row = db.execute(
        f'UPDATE runs SET {sets} WHERE id = ? AND state IN ({_list(states)}) {fence} RETURNING task, "group"',
        (*columns.values(), entry.run, *([entry.epoch] if fence else [])),
    ).fetchone()
    if row is None:
        now = _run(db, entry.run)
        raise Fenced(f"run {entry.run} is {now.state} at epoch {now.epoch}, not as epoch {entry.epoch} expected")
    if entry.act:
        record(db, end, entry.act)
    return _insert(db, entry.run, row[0], entry.drafts, row[1])


def _settle(db: apsw.Connection, end: End, home: str, aside: Act | None) -> int:
    count = 0
    if aside:
        db.execute(f"UPDATE runs SET aside = 1 WHERE state IN ({_UNFINISHED})")
        count = db.changes()
        record(db, end, replace(aside, data={**aside.data, "runs": count}))
    sql = "INSERT INTO home (one, known) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET known = excluded.known"
    db.execute(sql, (home,))
    return count


def _forget(db: apsw.Connection, runs: Sequence[int]) -> None:
    for run in runs:
        found = db.execute(
            "SELECT (SELECT max(id) FROM events WHERE run = runs.id) FROM runs"
            f" WHERE id = ? AND state NOT IN ({_UNFINISHED})",
            (run,),
        ).fetchone()
        if found is None:
            continue
        db.execute("DELETE FROM events WHERE run = ?", (run,))
        db.execute("DELETE FROM runs WHERE id = ?", (run,))
        db.execute(
            "INSERT INTO meta (name, value) VALUES ('forgotten', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (found[0] or 0,),
        )


def _where(query: RunQuery) -> tuple[str, list[Any]]:
    tests: list[str] = []
    values: list[Any] = []

    def add(test: str, *given: Any) -> None:
        tests.append(test)
        values.extend(given)

    if query.task:
        add("task = ?", query.task)
    if query.reach is not None:
        test, given = _within(query.reach, query.task)
        add(test, *given)
    if query.states:
        add(f"state IN ({_list(query.states)})")
    if query.actor:
        add("actor = ?", query.actor)
    if query.aside:
        add("aside = 1")
    if query.worker:
        add("worker = ?", query.worker)
    if query.since:
        add("pressed_at >= ?", query.since)
    if query.until:
        add("pressed_at < ?", query.until)
    if query.before:
        add("id < ?", query.before)
    if query.text:
        like = "%" + query.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        fields = ("title", "inputs", "status", "reason", "why", "actor")
        add("(" + " OR ".join(f"{field} LIKE ? ESCAPE '\\'" for field in fields) + ")", *[like] * len(fields))
    where = "WHERE " + " AND ".join(tests) if tests else ""
    return f"SELECT {RUN_COLUMNS} FROM runs {where} ORDER BY id DESC LIMIT ?", [*values, query.limit]
