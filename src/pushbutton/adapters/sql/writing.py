"""Writes of one transaction: a press, a claim, a run's journal, and what goes. Each inside the caller's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pushbutton.domain import retry
from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Event, Kind
from pushbutton.domain.offer import ONE, Offer
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
from pushbutton.domain.rate import free_at
from pushbutton.domain.run import ACTIVE, UNFINISHED, NewRun, Run, RunState, before
from pushbutton.errors import Fenced, NoSuchRun, NotHeard
from pushbutton.runtime.ports import Append, Pressed
from pushbutton.runtime.ports.people import Work as Change
from pushbutton.sentence import kept

from . import deliveries, files_seen, messages, schedules, statements
from .connection import Connection, Rows
from .people import change
from .run_rows import RUN_COLUMNS, SETTABLE, dumps, hold_text, names_text, retry_text, run_from
from .statements import ACTIVE_STATES, BUSY_STATES, UNFINISHED_STATES, listed, marks
from .trail import Trail
from .turn import Halves, Turn, Work

_BEYOND = (1 << 63) - 1
"""The largest number that a database has; no run comes near it."""


_EVENT: Final = "INSERT INTO events (id, run, task, at, kind, data) VALUES (?, ?, ?, ?, ?, ?)"


def run_of(db: Connection, number: int) -> Run:
    """Raises `NoSuchRun`."""
    row = db.execute(f"SELECT {RUN_COLUMNS} FROM runs WHERE id = ?", (min(number, _BEYOND),)).fetchone()
    if row is None:
        raise NoSuchRun(number)
    return run_from(row)


def add_events(turn: Turn, run: int | None, task: str | None, drafts: Sequence[Draft], group: str = "") -> list[Event]:
    if not drafts:
        return []
    events = []
    for number, draft in enumerate(drafts, turn.numbers("events", len(drafts))):
        turn.insert(_EVENT, (number, run, task, draft.at, draft.kind.value, dumps(kept(draft.data))))
        events.append(Event(number, run, task, draft.at, draft.kind, draft.data, group))
    return events


def press(db: Turn, trail: Trail, new: NewRun, also: Change | None) -> Pressed:
    busy = _busy(db, new) if counts(new) else ()
    known = _known(db, new) if new.key else None
    answer = decide(new, known, busy, _free_at(db, new), schedules.pause_of(db, new.task))
    if isinstance(answer, Answer):
        if answer.keep_key:
            stands_for = (new.task, new.key, answer.run, new.fingerprint)
            db.execute("INSERT INTO joined (task, key, run, fingerprint) VALUES (?, ?, ?, ?)", stands_for)
        if answer.act:
            trail.record(db, answer.act)
        schedules.fire(db, fired(new, answer.run))
        for one in came(new, answer.run, made=False):
            deliveries.keep(db, one)
        for file in rested(new, answer.run):
            files_seen.keep(db, file)
        return Pressed(_newest(db, answer.run), made=False)
    if answer.replaces:
        _replace(db, new)
    made = answer.runs(db.numbers("runs", answer.count))
    for run, asked in made:
        _add_run(db, run, asked.sealed, asked.key, asked.fingerprint)
        add_events(db, run.id, run.task, [first_event(run)], run.group)
        trail.record(db, asked.act(run.id))
    if also:
        change(db, trail, also)
    *plans, (run, _) = made
    schedules.fire(db, fired(new, run.id, run.state))
    for one in came(new, run.id, made=True):
        deliveries.keep(db, one)
    for file in rested(new, run.id):
        files_seen.keep(db, file)
    return Pressed(run, made=True, plan=plans[0][0] if plans else None)


def _known(db: Connection, new: NewRun) -> Known | None:
    row = db.execute(
        "SELECT id, fingerprint FROM runs WHERE task = ? AND key = ?"
        " UNION ALL SELECT run, fingerprint FROM joined WHERE task = ? AND key = ?",
        (new.task, new.key, new.task, new.key),
    ).fetchone()
    return Known(*row) if row else None


def _newest(db: Connection, number: int) -> Run:
    """The newest try of the series of this run; the run itself where it is no part of one."""
    sql = "SELECT max(b.id) FROM runs AS a JOIN runs AS b ON b.series = a.series WHERE a.id = ? AND a.series > 0"
    return run_of(db, db.execute(sql, (number,)).get or number)


_THEIRS: Final = """ AND (actor = ? OR substr(actor, 1, ?) = ?
OR ((substr(actor, 1, 5) IN ('link:', 'hook:') OR substr(actor, 1, 9) = 'schedule:')
    AND substr(actor, length(actor) - ?) = ?))"""
"""Pressed by a person, or by a token, a link, a hook or a schedule of theirs."""


def _free_at(db: Connection, new: NewRun) -> int:
    """From when another press goes: all of the task's rates let it."""
    counting = "task = ? AND cause NOT IN ('run', 'retry') AND state <> 'skipped'"
    token, by = f"token:{new.person}/", f"/{new.person}"
    theirs = [new.person, len(token), token, len(by) - 1, by]
    found = 0
    for rate in new.rates:
        mine = _THEIRS if rate.person else ""
        sql = f"SELECT pressed_at FROM runs WHERE {counting}{mine} ORDER BY id DESC LIMIT ?"
        rows = db.execute(sql, (new.task, *(theirs if rate.person else ()), rate.count))
        found = max(found, free_at(rate, [int(row[0]) for row in rows], new.at))
    return found


def _replace(db: Turn, new: NewRun) -> None:
    """Those that wait for their turn are skipped; a dry run that approvers wait for is not."""
    rows = db.execute(
        "UPDATE runs SET state = 'skipped', ended_at = ?, reason = ?, sealed = '' WHERE state IN"
        f" ({BUSY_STATES}) AND state = 'waiting' AND task = ? AND aside = 0 AND cause <> 'run'"
        ' AND NOT (not_before IS NOT NULL AND not_before > ?) RETURNING id, "group"',
        (new.at, str(REPLACED), new.task, new.at),
    )
    for number, group in list(rows):
        add_events(db, number, new.task, [replaced(new.at)], group)


def _busy(db: Connection, new: NewRun) -> Sequence[int]:
    later = "state = 'waiting' AND not_before IS NOT NULL AND not_before > ?"
    sql = f"SELECT id FROM runs WHERE state IN ({BUSY_STATES}) AND task = ? AND aside = 0 AND NOT ({later}) ORDER BY id"
    return [row[0] for row in db.execute(sql, (new.task, new.at))]


def _add_run(db: Connection, run: Run, sealed: str, key: str = "", fingerprint: str = "") -> None:
    db.execute(
        "INSERT INTO runs (id, task, title, state, actor, inputs, pressed_at, ended_at, why, reason, key, fingerprint,"
        ' hold, "group", digest, cause, parent, attempt, sealed, tags, locks, not_before, bundle, aside, retry, series,'
        " trace)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(run.id, run.task, run.title, run.state.value, run.actor, dumps(run.inputs), run.pressed_at),
            *(run.ended_at, run.why, run.reason, key, fingerprint),
            *(hold_text(run.hold) if run.hold else "", run.group, run.digest),
            *(run.cause.kind.value, run.cause.parent, run.cause.attempt, "" if run.state.over else sealed),
            *(names_text(run.tags), names_text(run.locks), run.not_before, run.bundle),
            *(int(run.aside), retry_text(run.retry), run.series, run.trace),
        ),
    )
    for name in run.locks:
        db.execute("INSERT INTO locks (name, places) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, ONE))


def claim(db: Turn, offer: Offer, at: int, token: str) -> Run | None:
    """The gate: one statement finds the run that may start, and has it started."""
    if offer.child:
        lines, known = "", list[Any]()
        this, values = statements.of_parent(offer)
    else:
        lines, known = statements.lines(offer, at)
        this, values = statements.due(offer, at)
    row = db.execute(
        f"""{lines}
            UPDATE runs SET state = 'running', epoch = epoch + 1, worker = ?, started_at = ?, token = ?, collected = 0
            WHERE {this} AND state = 'waiting'
            RETURNING {RUN_COLUMNS}""",
        (*known, offer.worker, at, token, *values),
    ).fetchone()
    if row is None:
        return None
    run = run_from(row)
    begun = Draft(Kind.STATE, {"state": "running", "epoch": run.epoch}, at)
    add_events(db, run.id, run.task, [begun], run.group)
    return run


def allow(db: Connection, at_once: Mapping[str, int], places: Mapping[str, int], *, all_tasks: bool) -> None:
    wanted = {task: most for task, most in at_once.items() if most != ONE}
    known = {str(task): int(most) for task, most in db.execute("SELECT task, at_once FROM limits")}
    for task in (known.keys() if all_tasks else known.keys() & at_once.keys()) - wanted.keys():
        db.execute("DELETE FROM limits WHERE task = ?", (task,))
    for task, most in wanted.items():
        if known.get(task) != most:
            db.execute(
                "INSERT INTO limits (task, at_once) VALUES (?, ?)"
                " ON CONFLICT (task) DO UPDATE SET at_once = excluded.at_once",
                (task, most),
            )
    # A waiting run may need a lock that no task names any more, so none is deleted.
    kept = {str(name): int(most) for name, most in db.execute("SELECT name, places FROM locks")}
    for name, most in {**dict.fromkeys(kept if all_tasks else (), ONE), **places}.items():
        if kept.get(name) != most:
            db.execute(
                "INSERT INTO locks (name, places) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET places = excluded.places",
                (name, most),
            )


def append(trail: Trail, entry: Append) -> Work[Sequence[Event]]:
    if entry.act or entry.seen or entry.order or entry.again is not None:
        return lambda db: _append(db, trail, entry)
    return Halves(lambda db: _moved(db, entry), lambda db, rows: _told(db, entry, *_found(db, entry, rows)))


def _append(db: Turn, trail: Trail, entry: Append) -> Sequence[Event]:
    if entry.seen and run_of(db, entry.run).hold != entry.seen:
        raise Fenced(f"the approval of run {entry.run} has gone on")
    sealed = sealed_of(db, entry.run) if entry.again is not None else ""  # before they go with the end
    task, group, ordered = _found(db, entry, _moved(db, entry))
    if entry.act:
        trail.record(db, entry.act)
    if entry.order:
        _add_orders(db, entry.run, ordered, [entry.order])
    made = None if entry.again is None else _next_try(db, run_of(db, entry.run), entry.drafts[-1].at, entry.again)
    drafts = retry.told(entry.drafts, made) if made else entry.drafts
    events = _told(db, replace(entry, drafts=drafts), task, group, ordered)
    if made:
        _add_run(db, made, sealed)
        add_events(db, made.id, made.task, [first_event(made)], made.group)
        trail.record(db, retry.act(made))
    return events


def _moved(db: Turn, entry: Append) -> Rows:
    """Of the run, where it is as the entry expects it: task, group, the last order that it was given."""
    columns: dict[str, Any] = dict(entry.row)
    if unknown := columns.keys() - SETTABLE:
        raise ValueError(f"not columns of a run that may be set: {sorted(unknown)}")
    if "survivors" in columns:
        columns["survivors"] = dumps(columns["survivors"])
    if "aside" in columns:
        columns["aside"] = int(columns["aside"])
    states = UNFINISHED if entry.epoch is not None else frozenset(RunState)
    states &= ACTIVE if entry.order else states
    if entry.to:
        columns["state"] = entry.to.value
        columns |= {"sealed": ""} if entry.to.over else {}
        states &= before(entry.to)
    if entry.hold:
        columns["hold"] = hold_text(entry.hold)
    sets = ", ".join(f"{name} = ?" for name in columns) or "id = id"
    fence = "AND epoch = ?" if entry.epoch is not None else ""
    return db.execute(
        f'UPDATE runs SET {sets} WHERE id = ? AND state IN ({listed(states)}) {fence} RETURNING task, "group", ordered',
        (*columns.values(), entry.run, *([entry.epoch] if fence else [])),
    )


def _found(db: Turn, entry: Append, rows: Rows) -> tuple[str, str, int]:
    row = rows.fetchone()
    if row is None:
        now = run_of(db, entry.run)
        raise Fenced(f"run {entry.run} is {now.state} at epoch {now.epoch}, not as epoch {entry.epoch} expected")
    task, group, ordered = row
    return task, group, ordered


def _told(db: Turn, entry: Append, task: str, group: str, ordered: int) -> Sequence[Event]:
    over = entry.to is not None and entry.to.over
    if ordered and (entry.heard or over):
        db.execute("DELETE FROM orders WHERE run = ? AND n <= ?", (entry.run, _BEYOND if over else entry.heard))
    return add_events(db, entry.run, task, entry.drafts, group)


def _next_try(db: Turn, run: Run, at: int, again: int) -> Run | None:
    """It is not inserted yet; the run that has ended knows of it."""
    if run.stop_by:
        return None
    made = retry.following(run, db.numbers("runs", 1), at, again)
    db.execute("UPDATE runs SET next = ?, series = ? WHERE id = ?", (made.id, made.series, run.id))
    return made


def sealed_of(db: Connection, number: int) -> str:
    """Raises `NoSuchRun`."""
    row = db.execute("SELECT sealed FROM runs WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise NoSuchRun(number)
    return str(row[0])


def order(db: Connection, number: int, orders: Sequence[Order], epoch: int) -> int:
    run = run_of(db, number)
    if run.epoch != epoch or run.state.over:
        raise Fenced(f"run {number} is {run.state} at epoch {run.epoch}, not as epoch {epoch} expected")
    last = int(db.execute("SELECT ordered FROM runs WHERE id = ?", (number,)).get)
    return _add_orders(db, number, last, orders)


def _add_orders(db: Connection, run: int, last: int, orders: Sequence[Order]) -> int:
    """Behind the number that was given last; the last one of now."""
    told = [(order.kind.value, dumps(order.data), order.at) for order in orders]
    waiting = "SELECT count(*), coalesce(sum(length(data)), 0) FROM orders WHERE run = ?"
    count, size = db.execute(waiting, (run,)).fetchone() or (0, 0)
    if not fits(count, size, orders, sum(len(data) for _, data, _ in told)):
        raise NotHeard(run)
    for n, one in enumerate(told, last + 1):
        db.execute("INSERT INTO orders (run, n, kind, data, at) VALUES (?, ?, ?, ?, ?)", (run, n, *one))
    db.execute("UPDATE runs SET ordered = ? WHERE id = ?", (last + len(told), run))
    return last + len(told)


def settle(db: Turn, trail: Trail, home: str, aside: Act | None, folder: str, only: Collection[str]) -> int:
    count = 0
    if aside:
        which, states = (f"worker IN ({marks(only)})", ACTIVE_STATES) if only else ("1 = 1", UNFINISHED_STATES)
        going = db.execute(
            f"UPDATE runs SET aside = 1 WHERE state IN ({states}) AND {which} RETURNING id", sorted(only)
        )
        count = sum(1 for _ in going)
        if not only:
            db.execute("DELETE FROM bookmarks")
            db.execute("DELETE FROM leases")
            messages.drop_waiting(db)
            schedules.pause_all(db, aside.actor)
        trail.record(db, replace(aside, data={**aside.data, "runs": count}))
    sql = "INSERT INTO homes (folder, known) VALUES (?, ?) ON CONFLICT (folder) DO UPDATE SET known = excluded.known"
    db.execute(sql, (folder, home))
    return count


def keep(db: Connection, name: str, event: int) -> None:
    db.execute(
        "INSERT INTO bookmarks (name, event) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET event = excluded.event",
        (name, event),
    )


def lease(db: Connection, name: str, holder: str, seconds: float, clock: str) -> bool:
    given = db.execute(
        f"INSERT INTO leases (name, holder, until) VALUES (?, ?, {clock} + ?) ON CONFLICT (name) DO UPDATE"
        " SET holder = excluded.holder, until = excluded.until"
        f" WHERE leases.holder = excluded.holder OR leases.until <= {clock} RETURNING 1",
        (name, holder, int(seconds * 1_000_000)),
    ).get
    return given is not None


def forget(db: Turn, runs: Sequence[int]) -> None:
    db.flush()
    for run in runs:
        found = db.execute(
            "SELECT (SELECT max(id) FROM events WHERE run = runs.id) FROM runs"
            f" WHERE id = ? AND state NOT IN ({UNFINISHED_STATES})",
            (run,),
        ).fetchone()
        if found is None:
            continue
        db.execute("DELETE FROM events WHERE run = ?", (run,))
        db.execute("DELETE FROM runs WHERE id = ?", (run,))
        db.execute(
            "INSERT INTO meta (name, value) VALUES ('forgotten', ?)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE excluded.value > meta.value",
            (found[0] or 0,),
        )
