"""Statements that are put together from what is asked for. Every value is bound; what is written here is constant."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from pushbutton.domain.event import Kind
from pushbutton.domain.offer import ONE, Offer
from pushbutton.domain.reach import Reach
from pushbutton.domain.run import ACTIVE, BUSY, UNFINISHED, RunState
from pushbutton.domain.schedule import EVERYTHING
from pushbutton.runtime.ports import RunQuery, Topics

from .run_rows import EVENT_COLUMNS, RUN_COLUMNS, names_text

Statement = tuple[str, list[Any]]
"""SQL and its values; also a condition and its values."""

FEW: Final = 20
"""Runs that are looked at one after the other, before their lines are."""
_BEYOND = 1 << 62
"""No event comes near it."""


def listed(states: Collection[RunState]) -> str:
    """For `IN (…)`, in an order that does not change: an index over some rows is asked for word for word."""
    return ", ".join(f"'{state}'" for state in sorted(states)) or "NULL"


ACTIVE_STATES, BUSY_STATES, UNFINISHED_STATES = listed(ACTIVE), listed(BUSY), listed(UNFINISHED)


def marks(values: Collection[str]) -> str:
    """For `IN (…)`, which not every database takes empty; nothing is equal to NULL."""
    return ", ".join("?" * len(values)) or "NULL"


def within(reach: Reach, task: str = "") -> Statement:
    """A condition for the runs within it; `task`: of this one only."""
    if task:
        groups = reach.groups(task)
        return ("1 = 1", []) if groups is None else (f'"group" IN ({marks(groups)})', sorted(groups))
    # All tasks first: they are what an index can be asked for.
    test, values = f"task IN ({marks(reach.tasks)})", sorted(reach.tasks)
    if reach.parts:
        tests = [f"task IN ({marks(reach.whole)})"] if reach.whole else []
        values += sorted(reach.whole)
        for groups, tasks in reach.parts:
            tests.append(f'"group" IN ({marks(groups)}) AND task IN ({marks(tasks)})')
            values += [*sorted(groups), *sorted(tasks)]
        test += f" AND ({' OR '.join(tests)})"
    return test, values


def runs(query: RunQuery, like: str) -> Statement:
    """`like`: see `Dialect`."""
    tests: list[str] = []
    values: list[Any] = []

    def add(test: str, *given: Any) -> None:
        tests.append(test)
        values.extend(given)

    if query.task:
        add("task = ?", query.task)
    if query.reach is not None:
        test, given = within(query.reach, query.task)
        add(test, *given)
    if query.states:
        add(f"state IN ({listed(query.states)})")
        if query.task and query.states < UNFINISHED:  # word for word what the index over those of a task says
            add(f"state IN ({UNFINISHED_STATES})")
    if query.actor:
        add("actor = ?", query.actor)
    if query.aside:
        add("aside = 1")
    if query.series:
        add("series = ? AND series > 0", query.series)
    if query.later:
        add("not_before IS NOT NULL AND not_before >= ?", query.later)
    if query.newest:
        add("next = 0")
    if query.worker:
        add("worker = ?", query.worker)
    if query.since:
        add("pressed_at >= ?", query.since)
    if query.until:
        add("pressed_at < ?", query.until)
    if query.before:
        add("id < ?", query.before)
    if query.text:
        pattern = "%" + query.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        fields = ("title", "inputs", "status", "reason", "why", "actor")
        add("(" + " OR ".join(f"{field} {like} ? ESCAPE '\\'" for field in fields) + ")", *[pattern] * len(fields))
    where = "WHERE " + " AND ".join(tests) if tests else ""
    return f"SELECT {RUN_COLUMNS} FROM runs {where} ORDER BY id DESC LIMIT ?", [*values, query.limit]


def due(offer: Offer, at: int) -> Statement:
    """A condition: it is the run that the gate gives for this offer now. It stands behind the WITH of `lines`."""
    task, values = ("task = ?", list[Any]([offer.task])) if offer.task else ("1 = 1", [])
    # The second is asked only where the first one is a run with locks.
    oldest = f"SELECT min(id) FROM ready WHERE {task} AND (locks = '' OR id NOT IN (SELECT id FROM kept_back))"
    if not offer.task:
        # Mostly it is one of the very oldest; then the lines, which may be a thousand, are not asked at all.
        soon, given = _soon(offer, at)
        oldest, values = f"coalesce(({soon}), ({oldest}))", [*given, *values]
    # Of all workers first: a walk along the index is much quicker than a search in it, and mostly it says enough.
    slots = f"(({_ACTIVE} AND a.worker >= '') < ? OR ({_ACTIVE} AND a.worker = ?) < ?)"
    return f"id = ({oldest}) AND {slots}", [*values, offer.slots, offer.worker, offer.slots]


def _soon(offer: Offer, at: int) -> Statement:
    """The oldest run that may start, where it is among the oldest that wait, needs no lock and waited for no moment:
    nobody has his turn before it then. NULL: look at the lines.
    """
    starts, given = _startable(offer, at)
    few = f"SELECT w.id FROM runs AS w WHERE w.state = 'waiting' ORDER BY w.id LIMIT {FEW}"
    first = (
        f"SELECT h.* FROM ({few}) AS heads CROSS JOIN runs AS h WHERE {starts} AND h.aside = 0 ORDER BY h.id LIMIT 1"
    )
    return f"SELECT CASE WHEN locks = '' AND not_before IS NULL THEN id END FROM ({first}) AS found", given


def _startable(offer: Offer, at: int) -> Statement:
    """A condition: the first run of a line may start with this offer, as soon as it has its locks."""
    tests, values = [_STARTS], list[Any]([at, at])
    if offer.without:
        tests.append(f"h.task NOT IN ({marks(offer.without)})")
        values += sorted(offer.without)
    # The worker's tags are taken out of those that the run needs; none is left.
    tests.append("replace(" * len(offer.tags) + "h.tags" + ", ?, '')" * len(offer.tags) + " = ''")
    values += [names_text([tag]) for tag in sorted(offer.tags)]
    return " AND ".join(tests), values


def of_parent(offer: Offer) -> Statement:
    """A condition: it is `offer.child`, and waits while its parent is active with this worker."""
    parent = f"SELECT p.id FROM runs AS p WHERE p.state IN ({ACTIVE_STATES}) AND p.worker = ?"
    return f"id = ? AND aside = 0 AND cause = 'run' AND parent IN ({parent})", [offer.child, offer.worker]


def lines(offer: Offer, at: int) -> Statement:
    """The WITH that finds those of the first runs of all lines that may start, and which of them locks keep back; where
    the offer is for one task, of the lines of this one. An older run that waits for a lock has its turn before a
    younger one, whatever task the offer is for.
    """
    starts, given = _startable(offer, at)
    if not offer.task:
        return f"{_LINES}, ready (id, task, locks) AS ({_HEADS} WHERE {starts}), {_kept_back('ready')}", given
    first = f"{_LINES_OF_ONE}, ready (id, task, locks) AS ({_HEADS_OF_ONE} WHERE {starts})"
    rivals = f"rivals (id, task, locks) AS ({_HEADS} WHERE h.locks <> '' AND {starts})"
    return f"{_LINES}, {first}, {rivals}, {_kept_back('rivals')}", [offer.task, offer.task, *given, *given]


def _kept_back(rivals: str) -> str:
    """`kept_back`: the runs among `rivals` that do not get one of their locks: others hold it, or are older."""
    held = f"SELECT count(*) FROM runs AS a WHERE {_LOCKED} AND {_names('a.locks', 'q.name')}"
    return f"""queue (id, name, places, place) AS (
      SELECT r.id, l.name, l.places, row_number() OVER (PARTITION BY l.name ORDER BY r.id)
      FROM {rivals} AS r CROSS JOIN locks AS l WHERE r.locks <> '' AND {_names("r.locks", "l.name")}
    ), kept_back (id) AS (
      SELECT q.id FROM queue AS q WHERE q.place > q.places OR q.place + ({held}) > q.places
    )"""


def _names(locks: str, name: str) -> str:
    """A condition: this lock is among those."""
    return f"replace({locks}, ',' || {name} || ',', '') <> {locks}"


def _line(name: str, waits: str, order: str, *, one_task: bool) -> str:
    """The first run of each line, in `order`. It goes from one line to the next by the index: one that cannot go on
    costs the same however long it is.
    """
    waiting = f"SELECT r.id FROM runs AS r WHERE state || '' = 'waiting' AND aside = 0 AND {waits}"
    of_tags, of_task = f"r.locks, {order} LIMIT 1", f"r.tags, r.locks, {order} LIMIT 1"
    of_next = f"r.task, {of_task}"
    first = f"{waiting} AND r.task = ? ORDER BY {of_task}" if one_task else f"{waiting} ORDER BY {of_next}"
    same = f"{waiting} AND r.task = h.task"
    steps = [
        f"({same} AND r.tags = h.tags AND r.locks > h.locks ORDER BY {of_tags})",
        f"({same} AND r.tags > h.tags ORDER BY {of_task})",
        *([] if one_task else [f"({waiting} AND r.task > h.task ORDER BY {of_next})"]),
    ]
    following = f"coalesce({', '.join(steps)})"
    return f"""{name} (id) AS (
      SELECT ({first})
      UNION ALL
      SELECT {following} FROM {name} CROSS JOIN runs AS h WHERE h.id = {name}.id
    )"""


# A line is the waiting runs of a task that need the same tags and locks. Those that must not start before a moment have
# lines of their own, in the order of these moments: one whose moment is not come stands before none that may start. The
# conditions, here and where active runs are counted, are those of
# indexes over some rows, word for word. The state has something added, so that no index of states is taken instead, and
# that a list of states is not looked through: the index has done it. The joins go from left to right.
_UNTIMED, _TIMED = ("not_before IS NULL", "r.id"), ("not_before IS NOT NULL", "r.not_before, r.id")
_LINES = f"""WITH RECURSIVE {_line("lines", *_UNTIMED, one_task=False)},
    {_line("timed", *_TIMED, one_task=False)}"""
_LINES_OF_ONE = f"""{_line("lines_of_one", *_UNTIMED, one_task=True)},
    {_line("timed_of_one", *_TIMED, one_task=True)}"""
_HEADS, _HEADS_OF_ONE = (
    f"""SELECT h.id, h.task, h.locks
    FROM (SELECT id FROM lines{which} UNION ALL SELECT id FROM timed{which}) AS heads CROSS JOIN runs AS h"""
    for which in ("", "_of_one")
)
_LOCKED = f"state || '' IN ({ACTIVE_STATES}) AND locks <> ''"
_ACTIVE = f"SELECT count(*) FROM runs AS a WHERE state || '' IN ({ACTIVE_STATES})"
_STARTS = f"""h.id = heads.id AND (h.not_before IS NULL OR h.not_before <= ?)
    AND ({_ACTIVE} AND a.task = h.task)
      < coalesce((SELECT l.at_once FROM limits AS l WHERE l.task = h.task), {ONE})
    AND NOT EXISTS (SELECT 1 FROM pauses AS p
      WHERE p.schedule IN (h.task, '{EVERYTHING}') AND (p.until = 0 OR p.until > ?))"""


# By an index whose condition this is, word for word: what waits is not looked through.
NEXT_MOMENT = """SELECT min(not_before) FROM runs
    WHERE state || '' = 'waiting' AND aside = 0 AND not_before IS NOT NULL AND not_before > ?"""


_DUE = "state = 'waiting' AND aside = 0 AND (not_before IS NULL OR not_before <= ?)"
BACKLOG = f"""SELECT task, state, count(*), count(CASE WHEN {_DUE} THEN 1 END),
      min(CASE WHEN {_DUE} THEN coalesce(not_before, pressed_at) END)
    FROM runs WHERE state IN ({UNFINISHED_STATES}) GROUP BY task, state ORDER BY task, state"""


def events(topics: Topics, after: int, upto: int | None, limit: int, kind: Kind | None) -> Statement | None:
    """None: nothing can match."""
    span = (after, upto if upto is not None else _BEYOND, *((kind.value,) if kind else ()), limit)
    wanted = "AND kind = ? " if kind else ""
    # One index range per topic: a single OR would make SQLite read everything after `after`.
    arms = [("1 = 1", list[Any]())] if topics.everything else _arms(topics)
    if not arms:
        return None
    one = (
        f"SELECT * FROM (SELECT {EVENT_COLUMNS} FROM events WHERE {{}} AND id > ? AND id <= ? {wanted}"
        "ORDER BY id LIMIT ?) AS arm"
    )
    sql = " UNION ".join(one.format(arm) for arm, _ in arms) + " ORDER BY id LIMIT ?"
    return sql, [value for _, own in arms for value in (*own, *span)] + [limit]


def _arms(topics: Topics) -> list[Statement]:
    """A condition for each topic."""
    everybody: list[Statement] = [("run IS NULL AND task IS NULL", [])] if topics.tasks else []
    return [
        *everybody,
        *(("run = ?", [run]) for run in sorted(topics.runs)),
        *(_of_task(task, topics.reach) for task in sorted(topics.tasks)),
    ]


def _of_task(task: str, reach: Reach | None) -> Statement:
    groups = reach.groups(task) if reach is not None else None
    if groups is None:
        return "task = ?", [task]
    inside = f'(SELECT "group" FROM runs WHERE id = events.run) IN ({marks(groups)})'
    return f"task = ? AND (run IS NULL OR {inside})", [task, *sorted(groups)]
