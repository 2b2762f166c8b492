"""The ports of the main flow: eleven ports, and those of people in `people`. Adapters implement them;
one contract suite runs over every adapter of each (`tests/contract`, a test counts them).

Store     runs and events, durable           Dispatch   says when to ask the gate
Notifier  hints that something grew          Catalog    the tasks that can be pressed now
Secrets   values of named secrets, at       Patterns   whether texts match patterns,
          the last moment                              within a limit
Supervisors   what runs jobs             Records   what these write down
Output        what jobs wrote            Files     what people bring and what runs hand over
Bundles       tasks that were published
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pushbutton.domain.approval import Hold
from pushbutton.domain.audit import Act
from pushbutton.domain.event import Draft, Event, Json, Kind
from pushbutton.domain.messages import Channel
from pushbutton.domain.offer import NONE, Offer
from pushbutton.domain.order import Order
from pushbutton.domain.problem import Problem
from pushbutton.domain.reach import Reach
from pushbutton.domain.run import UNFINISHED, NewRun, Run, RunState
from pushbutton.domain.schedule import MOST, Firing, Pause
from pushbutton.domain.secret import Secret
from pushbutton.domain.skipped import Skipped
from pushbutton.domain.task import Offered, Task

from .bundles import Bundles as Bundles
from .deliveries import Deliveries
from .files import UPLOADS as UPLOADS
from .files import Disk as Disk
from .files import Files as Files
from .files import Stored as Stored
from .files import Taken as Taken
from .files_seen import FilesSeen
from .memos import Memos
from .messages import Messages
from .nodes import Nodes as Nodes
from .output import Log as Log
from .output import Output as Output
from .people import Audit, People, Work
from .shipping import Shipping as Shipping
from .supervisors import Record as Record
from .supervisors import Records as Records
from .supervisors import Supervisors as Supervisors


@dataclass(frozen=True, slots=True)
class Pressed:
    run: Run
    made: bool  # False: an earlier run is the answer (same idempotency key, or `join`)
    plan: Run | None = None  # the dry run that was made beside it


@dataclass(frozen=True, slots=True)
class Append:
    """One write to a run's journal: events, and what they change in the run's row, or neither.

    `to` moves the run to a state (only along `domain.run.TRANSITIONS`); `row` sets columns of the same name as
    the fields of `Run`. With `epoch` the write counts only for that attempt and only while the run is unfinished.
    With `seen` it counts only while the run's hold is still as the writer saw it; `hold` replaces it.
    `order` is one to the run's supervisor: the write counts only while the run is active. Those up to the number
    `heard` have been carried out, and go.
    `again`: with an end, the moment before which the next try does not start. It is inserted in the same transaction,
    unless somebody has asked to stop the run, with the secret inputs that are kept; the last draft tells its number.
    """

    run: int
    drafts: Sequence[Draft] = ()
    epoch: int | None = None
    to: RunState | None = None
    row: Mapping[str, Json] = field(default_factory=dict)
    act: Act | None = None  # for the audit trail, in the same transaction
    seen: Hold | None = None
    hold: Hold | None = None
    order: Order | None = None
    heard: int = 0
    again: int | None = None


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Newest first. Empty fields do not filter."""

    task: str = ""
    reach: Reach | None = None  # within it; None: any
    states: frozenset[RunState] = frozenset()
    actor: str = ""
    text: str = ""  # in inputs, status, reason, why and title
    since: int = 0  # pressed at or after, microseconds
    until: int = 0
    before: int = 0  # ids below this one: paging
    worker: str = ""
    aside: bool = False  # only those that are set aside
    series: int = 0  # only the tries of this series
    later: int = 0  # only those that start not before this moment or a later one
    newest: bool = False  # of each series only its newest try
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Backlog:
    """The runs of a task that are in one state, and not over."""

    task: str
    state: RunState
    runs: int
    due: int = 0  # of those that wait: which wait for a place and for nothing else
    since: int | None = None  # since when the oldest of these waits, microseconds


@dataclass(frozen=True, slots=True)
class Topics:
    """Which events: those of any of the runs, of any of the tasks, or all.

    A note to everybody belongs to everything and to tasks, not to a run: nothing follows a run's last event.
    """

    runs: frozenset[int] = frozenset()
    tasks: frozenset[str] = frozenset()
    everything: bool = False
    reach: Reach | None = None  # of the tasks, only runs within it; None: all

    def match(self, event: Event) -> bool:
        return (
            self.everything
            or (event.run is None and event.task is None and bool(self.tasks))
            or event.run in self.runs
            or (event.task in self.tasks and self._reached(event))
        )

    def _reached(self, event: Event) -> bool:
        return self.reach is None or event.run is None or self.reach.holds(event.task or "", event.group)


EVERYTHING = Topics(everything=True)


class Store(Protocol):
    """Runs and events.

    Implementers guarantee: every write is one transaction and durable when it returns (it survives a crash of
    process and machine); event ids rise in commit order, over all runs, so that a reader of all up to id N will
    never see a new event at or below N; reads see every write that returned before. Errors: `StorageFull`,
    `StoreBusy`; after either, nothing of that write is in the store.
    """

    @property
    def people(self) -> People:
        """In the same store."""
        ...

    @property
    def audit(self) -> Audit:
        """In the same store: a press and its record are one transaction."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """In the same store."""
        ...

    @property
    def files_seen(self) -> FilesSeen:
        """In the same store."""
        ...

    @property
    def memos(self) -> Memos:
        """In the same store."""
        ...

    @property
    def messages(self) -> Messages:
        """In the same store."""
        ...

    @property
    def bundles(self) -> Bundles:
        """In the same store."""
        ...

    @property
    def nodes(self) -> Nodes:
        """The nodes that share this store."""
        ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def press(self, new: NewRun, also: Work | None = None) -> Pressed:
        """Insert the run and its first event, or find the one that stands for it.

        `also` changes the directory in the same transaction if a run is made, and only then; what it raises undoes
        both.

        The same `(task, key)` again gives the same run, or the newest try of its series, `made` False; with another
        fingerprint `KeyReused`.
        When the task has `limit` runs that make it busy: QUEUE inserts as waiting, SKIP inserts as skipped, JOIN
        gives the newest of them; REPLACE inserts as waiting, and those that wait become skipped, unless the press is
        held. Those that wait for a moment after `new.at` do not make it busy. While the task is paused, `TaskPaused`;
        where `new.rates` let no press go now, `TooOften`. What is `sealed` is kept with a run that is not over. With
        `new.hold` a run is inserted as held, and `new.plan` with it if there is `new.dry`. All of this is decided
        inside the one transaction. With `new.firing` what became of that due moment is kept with the run that is made,
        with `new.delivery` the call of a hook and with `new.file` the file, whether a run is made or was.
        """
        ...

    async def claim(self, offer: Offer, *, at: int, token: str) -> Run | None:
        """The gate: give the worker one run, or nothing. The run goes from waiting to running in the worker's name, its
        epoch rises, and the state event is written.

        It is the oldest that may start: its task has fewer runs than `allow` says, over all workers; the worker fewer
        than `offer.slots`; it needs no tag that the worker has not; its moment is come (at `at`, microseconds), and of
        those that waited for one the earliest; it is not set aside; each of its locks is held by fewer active runs than
        `allow` says. It takes all of its locks with the start, and gives them back when it is not active any more.

        One that may not start stands before no other that may, and costs no more time however many there are like it.
        Only one that waits for nothing but locks has its turn before younger ones that need one of these: so it gets
        several locks in the end, however much the others are in demand. What is active is counted inside the same
        transaction.

        With `offer.child` it is that run or none: only that it waits and that its parent is active with this worker
        counts then. `token` is the hash of the one with which this attempt may report over HTTP.
        """
        ...

    async def first(self, offer: Offer, *, at: int) -> Run | None:
        """The run that `claim` would give; nothing is written. `offer.child` counts for nothing here."""
        ...

    async def next_moment(self, *, after: int) -> int | None:
        """The first moment after this one (both microseconds) that a waiting run must not start before; None: there is
        none. Runs that are set aside do not count. It costs the same however many wait.
        """
        ...

    async def allow(
        self, at_once: Mapping[str, int], places: Mapping[str, int] = NONE, *, all_tasks: bool = True
    ) -> None:
        """From now on the gate lets so many runs of each task be active at the same time, and so many (`places`) hold
        each lock; of one that is not named, one, or as many as before where these are not `all_tasks`. It counts for
        those that wait already, too.
        """
        ...

    async def fire(self, firings: Sequence[Firing]) -> None:
        """Keep what became of these due moments, where nothing is kept of them yet; of a schedule the newest `MOST`."""
        ...

    async def firings(self, schedule: str, *, limit: int = MOST) -> Sequence[Firing]:
        """The firings of a schedule that are kept, newest first."""
        ...

    async def pause(self, schedule: str, pause: Pause | None, act: Act) -> None:
        """Pause a schedule, a task (by its name) or `EVERYTHING`, or end that; with its record. The gate gives no run
        of a task that is paused, and while everything is, none.
        """
        ...

    async def pauses(self) -> Mapping[str, Pause]:
        """By schedule; those that have ended may be among them."""
        ...

    async def append(self, entry: Append) -> Sequence[Event]:
        """Write events and row in one transaction. Raises `Fenced` (nothing written) when the run is not at
        `entry.epoch`, when `entry.to` may not follow its state, when an epoch is given and the run is over, or when
        its hold is not `entry.seen`; `NoSuchRun` when there is none.
        """
        ...

    async def order(self, run: int, orders: Sequence[Order], *, epoch: int) -> int:
        """Give these orders to the supervisor of that attempt, all of them or none: the number of the last one. Numbers
        rise in a run without gaps, in the order of commits, over all of its attempts. What waits is deleted when the
        run is over. Raises `Fenced` as `append` does, `NoSuchRun`, and `NotHeard` when too much waits already.
        """
        ...

    async def orders(self, run: int, *, after: int = 0) -> Sequence[Order]:
        """Those that wait, by their numbers; of those above this one."""
        ...

    async def ordered(self) -> Sequence[int]:
        """The runs for whose supervisors orders wait."""
        ...

    async def home(self, folder: str = "") -> str:
        """The `home` that `settle` was given last for that folder; "" for none yet."""
        ...

    async def settle(self, home: str, aside: Act | None = None, *, folder: str = "", only: Collection[str] = ()) -> int:
        """Keep how a data folder is known again; `folder` tells it from those of other nodes. With `aside`, which is
        recorded with their number as `runs`, every run that is not over is set aside in the same transaction: none of
        them passes the gate or makes its task busy while it is; bookmarks and leases are forgotten, and so are messages
        that wait; all schedules are paused. How many runs those are. With `only`, names of workers, it is no more than
        the runs that are active with these: what else there is others go on with.
        """
        ...

    async def aside(self) -> int:
        """How many runs that are not over are set aside."""
        ...

    async def say(self, draft: Draft, *, task: str | None = None) -> Event:
        """An event that belongs to no run."""
        ...

    async def run(self, number: int) -> Run:
        """Raises `NoSuchRun`."""
        ...

    async def keyed(self, task: str, key: str) -> int:
        """The run that was made by a press with this key; 0: none is, or it is gone."""
        ...

    async def token(self, number: int) -> str:
        """The hash of the run's reporting token. Raises `NoSuchRun`."""
        ...

    async def sealed(self, number: int) -> str:
        """The sealed secret inputs of a run that was pressed with some, "" once it is over or `Append.row` took them
        away. Raises `NoSuchRun`.
        """
        ...

    async def runs(self, query: RunQuery) -> Sequence[Run]: ...

    async def events(
        self, topics: Topics, *, after: int, upto: int | None = None, limit: int = 1000, kind: Kind | None = None
    ) -> Sequence[Event]:
        """Events with `after < id <= upto`, oldest first, at most `limit`; of one kind alone, if one is given."""
        ...

    async def last_event(self, run: int | None = None) -> int:
        """The highest id given, over all or of one run; 0 for none."""
        ...

    async def expired(
        self, before: int, *, keep: int, limit: int, task: str = "", but: Collection[str] = (), failed: bool = True
    ) -> Sequence[int]:
        """Finished runs pressed before `before` (microseconds), oldest first; the newest `keep` of each task are
        never among them, nor are those of a series that is not over. Of `task` only, where one is named; of none in
        `but`; without `failed`, none that failed or was lost.
        """
        ...

    async def forget(self, runs: Sequence[int]) -> None:
        """Delete finished runs with their events, in one transaction. Others among them are left."""
        ...

    async def known(self, runs: Collection[int]) -> frozenset[int]:
        """Those of these numbers that are runs."""
        ...

    async def forgotten(self) -> int:
        """A reader that stands below this id may miss deleted events; 0: nothing was ever deleted."""
        ...

    async def bookmark(self, name: str) -> int | None:
        """The last event that this follower dealt with; None: it never followed."""
        ...

    async def keep(self, name: str, event: int) -> None:
        """Keep it as its bookmark."""
        ...

    async def lease(self, name: str, holder: str, *, seconds: float) -> bool:
        """Give or prolong a lease, from now on and by the store's clock; False: it is another's. With 0 it is given
        back.
        """
        ...

    async def size(self) -> int:
        """Bytes that the database takes up; 0: it is on no disk."""
        ...

    async def counts(
        self, reach: Reach | None = None, *, states: Collection[RunState] = UNFINISHED
    ) -> Mapping[RunState, int]:
        """Runs by state, of those of `states` of which there are any; with `reach`, those within it."""
        ...

    async def backlog(self, *, at: int) -> Sequence[Backlog]:
        """The same of each task. Due is, at this moment (microseconds), what is not set aside and waits for no later
        one.
        """
        ...


Ask = Callable[[], Awaitable[bool]]
"""Asks the gate once and starts the run that it gives. Whether it gave one: then there may be another."""


class Dispatch(Protocol):
    """Says when to ask the gate. It knows no runs: those that wait are rows, and which one starts, the gate decides.

    It may ask too often. It must ask again after `wake`, also one that comes while it asks, again at once while there
    is something, and now and then by itself: a slot or a run may have come without a call.
    """

    async def run_worker(self, ask: Ask) -> None:
        """Ask until cancelled."""
        ...

    def wake(self) -> None:
        """A run may be waiting, or a slot free."""
        ...


class Notifier(Protocol):
    """Hints. One may be lost or doubled, so that watchers also look by themselves, slowly."""

    def hint(self, topic: str) -> None: ...

    def listen(self, topic: str, heard: Callable[[], None]) -> Callable[[], None]:
        """Calls `heard()` in the event loop's thread at each hint for `topic`; the return value ends that."""
        ...


class Catalog(Protocol):
    """The tasks that can be pressed now. A reload replaces whole tasks, never parts of one. One whose file is away or
    half written for a moment stays as it was; one that is gone for good goes within a few seconds.
    """

    def tasks(self) -> Mapping[str, Task]:
        """By slug, in the order in which a page shows them. Broken tasks are among them."""
        ...

    def task(self, slug: str) -> Task:
        """Raises `NoSuchTask` with the nearest name, or `StillReading`."""
        ...

    def of(self, slug: str, bundle: str) -> Task:
        """The task as it was in the bundle that a run was pressed with, whatever was published since; with "" the one
        of now. Raises what `task` raises, `StillReading` also while the bundle is fetched, after which a change is
        told; and `NoSuchBundle`.
        """
        ...

    def places(self) -> Sequence[str]:
        """The folders and files that are served."""
        ...

    def silent(self) -> Sequence[str]:
        """Those that do not answer now. Of one that did before, what is known stays; of another, nothing is known."""
        ...

    def problems(self) -> Sequence[Problem]:
        """The problems of what is served, as far as they are known by now, file by file: also those that break no
        task. It is for administrators of everything.
        """
        ...

    async def passed(self) -> Sequence[Skipped]:
        """The files that are no tasks though they could be taken for some, as of some seconds ago."""
        ...

    @property
    def reading(self) -> bool:
        """Not everything was read once yet: what is not among the tasks may come."""
        ...

    async def awaited(self, slug: str) -> str:
        """Wait for the task while everything is being read, but no more than some seconds. The name that it has now:
        another one where this was that of a link to a file that is shown.
        """
        ...

    async def offered(self, slug: str) -> Offered:
        """The task with choices that a program tells, no older than a few seconds. Raises what `task` raises."""
        ...

    def secrets(self) -> Mapping[str, Secret]:
        """The declarations of named secrets, by name. A task that needs one which is declared wrongly is broken."""
        ...

    def channels(self) -> Mapping[str, Channel]:
        """Where messages can go, by name, as files declare it. A rule may name one that is not there."""
        ...

    async def open(self) -> None:
        """Begin to read everything and to follow changes; what is read soon is there when this returns. Raises
        `ConfigError` only for paths that do not exist. One that does not answer is not waited for.
        """
        ...

    async def close(self) -> None: ...


class Patterns(Protocol):
    """Compares texts with patterns that may take for ever, within a limit."""

    async def fits(self, asked: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], bool | None]:
        """For each (pattern, text) whether the whole text matches, as `re.fullmatch` says; None: not found out in time.
        Never raises; others are not held up meanwhile.
        """
        ...


class Secrets(Protocol):
    """Named secrets. Nothing of a value is in any error, log or repr; names are not secret.

    Values are asked for anew each time: one that is changed at its source is changed for the next run.
    """

    async def resolve(self, names: Collection[str]) -> Mapping[str, str]:
        """The value of each. A name that is declared nowhere is looked for among those that are kept here. Raises
        `NoSuchSecret` or `SecretUnavailable` for the first that has none.
        """
        ...

    async def names(self) -> Collection[str]:
        """Those that are kept here, sorted. Raises `SecretsLocked`."""
        ...

    async def put(self, name: str, value: bytes) -> None:
        """Keep it, encrypted, in the place of what was there; a line break at its end is left out. Raises
        `SecretsLocked`, `BadInput` for a value that no job could get.
        """
        ...

    async def remove(self, name: str) -> None:
        """Raises `NoSuchSecret`, `SecretsLocked`."""
        ...
