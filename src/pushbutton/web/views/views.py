"""The content of each page, as values: no HTML, no language, nobody in particular. The same value feeds a page and the
fragments that replace parts of it.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.failure_help import FailureHelp, fitting
from pushbutton.domain.node import Lacking, Node
from pushbutton.domain.param import Inputs
from pushbutton.domain.policy import verbs
from pushbutton.domain.run import ACTIVE, BUSY, WRONG, Micros, Run, RunState
from pushbutton.domain.schedule import Pause
from pushbutton.domain.task import Task
from pushbutton.domain.usual import lasted
from pushbutton.errors import NoSuchTask, StillReading
from pushbutton.runtime import approve, history, pauses, results, schedules, visibility, workers
from pushbutton.runtime.core import Core
from pushbutton.runtime.later import refusal
from pushbutton.runtime.ports import RunQuery, Topics
from pushbutton.runtime.results import Before
from pushbutton.runtime.task_digest import pressed_as

from .approval import Waits, waits
from .catalogue import Marks, Selection, Shown, selected
from .changed import LONGEST_LOOK, Changed, Outputs, declared, other_task, took
from .comments import Comment, comments, on_it
from .estimates import Outlook, Past, Progress, outlook
from .find import Haystacks, fold, words
from .needs import Need, needs
from .output_lines import LineReaders
from .result_cards import Preview, ResultCard, cards
from .run_output import Written
from .run_story import Story, story, text_of
from .runs_chart import RUNS, RunsChart, runs_chart
from .waterfall import Waterfall, waterfall

LAST_RUNS: Final = 20
"""How many past runs an estimate goes by."""

WAITING = 50
"""Runs that wait for an approval and are shown at once."""
_RECENT = 5  # tasks that somebody pressed last
_PRESSES = 50  # runs among which these are looked for
_STEP_RUNS = 5  # past runs whose steps are read
_KEPT = 1000  # sets of usual steps
_PAGE = 1000  # events per read
_EVENTS_READ = 20_000  # a page reads no more of a run's events than this
_SECOND = 1_000_000
_ALL = Selection()
_TRIES = 100  # that are shown of a press: a task can ask for no more


@dataclass(frozen=True, slots=True)
class Card:
    """A task in the catalogue."""

    task: Task
    past: Past
    may: frozenset[Verb]
    ask: tuple[str, ...] = ()  # whom, where one may not press it


@dataclass(frozen=True, slots=True)
class Going:
    """A run that goes on right now."""

    run: Run
    story: Story
    outlook: Outlook


def how_it_is_made(may: frozenset[Verb]) -> bool:
    """Whether it is for this reader as whom a task's job runs: for those who approve it, or look after it."""
    return not may.isdisjoint((Verb.APPROVE, Verb.SECRETS, Verb.ADMIN))


async def _pressed_as(task: Task, run: Run) -> bool:
    """Whether the task is as it was when the run was pressed."""
    return bool(run.digest) and run.digest == await pressed_as(task)


@dataclass(frozen=True, slots=True)
class TasksView:
    cards: tuple[Card, ...]  # those that are shown
    going: tuple[Going, ...]
    now: Micros
    reading: bool = False  # there may be more in a moment
    silent: bool = False  # a folder does not answer
    shown: Shown = field(default_factory=Shown)
    mark: str = ""  # another one where a task came, went or says something else; what runs do changes nothing


@dataclass(frozen=True, slots=True)
class TaskView:
    task: Task
    past: Past
    now: Micros
    may: frozenset[Verb]
    ask: tuple[str, ...] = ()  # whom, where one may not press it
    faults: Mapping[str, str] = field(default_factory=dict)  # why some choices are not there
    schedules: tuple[schedules.Planned, ...] = ()  # the next one first
    pause: Pause | None = None  # of the task, while it holds
    lacking: Lacking | None = None  # no worker has the tags that it needs
    chart: RunsChart = field(default_factory=RunsChart)

    @property
    def user(self) -> str:
        """Of this machine, as whom it runs; "": as the server does, or that is not for this reader."""
        return self.task.user if how_it_is_made(self.may) else ""

    @property
    def mark(self) -> str:
        """Another one where it may or can be pressed now and could not before, its pause is another, or its file has
        another mistake.
        """
        return hashlib.sha256(repr((self.task.broken, Verb.PRESS in self.may, self.pause)).encode()).hexdigest()[:16]

    @property
    def busy(self) -> tuple[Run, ...]:
        """Runs before the next one, oldest first, if they leave no room for it."""
        return before_the_next(self.task, self.past.runs, self.now)

    @property
    def later(self) -> tuple[Run, ...]:
        """Those that wait for their moment, the next one first."""
        waiting = (run for run in self.past.unfinished if run.for_later(self.now))
        return tuple(sorted(waiting, key=lambda run: run.not_before or 0))


def before_the_next(task: Task, runs: Iterable[Run], now: Micros) -> tuple[Run, ...]:
    """Of a task's runs, newest first, those that a press would wait for, oldest first; none where there is room."""
    ahead = tuple(run for run in runs if run.state in BUSY and not run.aside and not run.for_later(now))[::-1]
    return ahead if len(ahead) >= task.limits.at_once else ()


@dataclass(frozen=True, slots=True)
class Watching:
    """The people with a run on their screen."""

    people: tuple[str, ...] = ()  # users, in the order of their names
    others: int = 0  # browsers of whom nobody knows whose they are

    @property
    def count(self) -> int:
        return len(self.people) + self.others


@dataclass(frozen=True, slots=True)
class RunView:
    run: Run
    task: Task | None  # None: it was removed since, or is not read yet
    story: Story
    past: Past
    outlook: Outlook
    ahead: tuple[Run, ...]  # unfinished runs of the task that come before this one
    now: Micros
    may: frozenset[Verb]
    needs: tuple[Need, ...] = ()  # the locks that it waits for, or could have
    holder: Going | None = None  # the run that it waits for, if the reader may see it
    ask: tuple[str, ...] = ()  # whom, where it went wrong and the viewer is no administrator
    watching: Watching = Watching()
    own: bool = False  # for a viewer of this run and no other: nothing leads elsewhere
    waits: Waits | None = None  # for an approval
    wrote: bool = True  # it has output
    planning: bool = False  # it is approved, and its plan is made once more before it starts
    reading: bool = False  # the tasks are still being read
    silent: bool = False  # a folder of tasks does not answer
    written: Written = field(default_factory=Written)  # what its output tells
    changed: Changed | None = None  # since it last worked, where it failed
    menders: Mapping[str, Task] = field(
        default_factory=dict
    )  # that its task names for failures, if the reader may press them
    user: str = ""  # of this machine, as whom it runs; "": the server's, not for this reader, or the task changed since
    tries: tuple[Run, ...] = ()  # at the same press, this one among them, oldest first; none where there is one only
    lacking: Lacking | None = None  # it waits, and no worker has the tags that it needs
    away: Node | None = None  # its worker, where there is no contact with it
    before: Before | None = None  # the run that its figures are compared with
    previews: tuple[Preview, ...] = ()  # of files that it handed over, for readers who may see them
    comments: tuple[Comment, ...] = ()  # oldest first

    @property
    def results(self) -> list[ResultCard]:
        return cards(self.story.results, self.previews, self.before)

    @property
    def following(self) -> Run | None:
        """The newest try, where this is an earlier one."""
        return self.tries[-1] if self.run.next and self.tries else None

    @property
    def goes_on(self) -> bool:
        """It is over, and is tried again."""
        return self.following is not None and not self.following.state.over

    @property
    def on_it(self) -> Comment | None:
        """The last one who took on its failure."""
        return on_it(self.comments)

    @property
    def pressed_at(self) -> Micros:
        return self.tries[0].pressed_at if self.tries else self.run.pressed_at

    @property
    def elapsed(self) -> float:
        """Seconds since the start, up to the end."""
        return lasted(self.run, self.now) or 0.0

    @property
    def waterfall(self) -> Waterfall | None:
        """Its steps over time; None where there is nothing to compare."""
        until = self.run.ended_at or self.now
        return waterfall(self.story.steps, self.run.started_at, until, over=self.run.state.over)

    @property
    def failure_help(self) -> FailureHelp | None:
        """The help of its task's author for such a failure."""
        if self.run.state is not RunState.FAILED or not self.task:
            return None
        return fitting(self.task.failures, (self.story.complaint, self.run.reason, *self.written.end))

    @property
    def quiet(self) -> bool:
        """It goes on and says nothing of itself but what it writes, which the reader may read."""
        told = self.story
        return self.run.state is RunState.RUNNING and not (told.saying or told.current) and Verb.OUTPUT in self.may

    @property
    def later(self) -> bool:
        """It waits for its moment."""
        return self.run.for_later(self.now)

    @property
    def lacks(self) -> Need | None:
        """The first lock that others have."""
        return next((need for need in self.needs if not need.free), None)

    @property
    def movable(self) -> bool:
        """The reader may start it at another moment."""
        return {Verb.PRESS, Verb.STOP} <= self.may and not self.own and not self.run.aside and not refusal(self.run)

    @property
    def stopping(self) -> bool:
        return bool(self.run.stop_by) and not self.run.state.over


@dataclass(frozen=True, slots=True)
class HistoryView:
    runs: tuple[Run, ...]
    older: int  # the `before` of the next page; 0: there is none
    tasks: Mapping[str, Task]
    actors: tuple[str, ...]
    now: Micros
    tries: Mapping[int, tuple[Run, ...]]  # by the newest try: those before it, newest first
    on_it: Mapping[int, str] = field(default_factory=dict)  # by run: the actor who took on its failure


@dataclass(frozen=True, slots=True)
class InboxView:
    """The runs that wait for one person's approval, newest first."""

    runs: tuple[Run, ...]
    tasks: Mapping[str, Task]
    now: Micros
    older: int = 0  # the last number, where older ones wait as well


class Views:
    """Reads the store and the catalogue. Keeps the usual steps, by the runs that they go by."""

    def __init__(self, core: Core, lines: LineReaders) -> None:
        self._core = core
        self._lines = lines
        self._store = core.store
        self._catalog = core.catalog
        self._directory = core.directory
        self._steps: dict[tuple[int, ...], Mapping[str, float]] = {}
        self._told: dict[int, list[Event]] = {}
        self._highest: dict[int, float] = {}
        self._outputs = Outputs(core, lines)
        self._haystacks = Haystacks()
        self._marks = Marks()

    async def tasks(self, actor: Actor, now: Micros, selection: Selection = _ALL) -> TasksView:
        seen = visibility.tasks(self._catalog, actor)
        self._haystacks.over(self._catalog.tasks())
        found = selected(seen.values(), selection, self._haystacks.of)
        cards = []
        for task in found.tasks:
            may = self._may(actor, task.slug)
            cards.append(Card(task, await self.past(actor, task.slug), may, self._ask(may, task.slug)))
        active = await self._store.runs(visibility.query(self._catalog, actor, RunQuery(states=BUSY, limit=50)))
        self._forget({run.id for run in active})
        active = [run for run in active if not run.for_later(now)]
        active = sorted(active, key=lambda run: (not run.state.active, run.id if run.state.active else 0))
        going = tuple([await self._going(actor, run, now) for run in active])
        reading, silent = self._catalog.reading, bool(self._catalog.silent())
        mark = f"{self._marks.of(self._catalog.tasks(), seen, actor)}{reading:d}{silent:d}"
        return TasksView(tuple(cards), going, now, reading, silent, found, mark)

    def find(self, actor: Actor, query: str) -> list[Task]:
        """Tasks by what they say of themselves; those whose title begins so come first."""
        seen = visibility.tasks(self._catalog, actor)
        self._haystacks.over(self._catalog.tasks())
        looked = words(query)
        found = [task for task in seen.values() if all(word in self._haystacks.of(task) for word in looked)]
        return sorted(found, key=lambda task: not fold(task.title).startswith(fold(query)))

    async def recent(self, actor: Actor) -> list[Task]:
        """The tasks that somebody pressed last, the latest first."""
        seen = visibility.tasks(self._catalog, actor)
        query = RunQuery(actor=actor.name, limit=_PRESSES)
        runs = await self._store.runs(visibility.query(self._catalog, actor, query))
        return [seen[slug] for slug in dict.fromkeys(run.task for run in runs) if slug in seen][:_RECENT]

    async def task(self, actor: Actor, slug: str, now: Micros) -> TaskView:
        """Raises `NoSuchTask`."""
        task = visibility.task(self._catalog, actor, slug)
        may = self._may(actor, slug)
        planned = tuple(await schedules.of_task(self._core, task))
        return TaskView(
            task, await self.past(actor, slug), now, may, self._ask(may, slug), schedules=planned,
            pause=await pauses.of_task(self._core, slug), chart=await self._chart(actor, slug),
        )  # fmt: skip

    async def _chart(self, actor: Actor, slug: str) -> RunsChart:
        query = RunQuery(task=slug, limit=2 * RUNS)  # some never started
        return runs_chart(await self._store.runs(visibility.past(self._catalog, actor, query)))

    async def form(self, actor: Actor, slug: str, now: Micros) -> TaskView:
        """The same with the choices that it offers right now, for those who may press it."""
        view = await self.task(actor, slug, now)
        if Verb.PRESS not in view.may:
            return view
        offered = await self._catalog.offered(slug)
        missing = await workers.missing(self._core, offered.task.where, 0)
        return replace(view, task=offered.task, faults=offered.faults, lacking=missing)

    async def ahead(self, actor: Actor, task: Task, now: Micros) -> tuple[Run, ...]:
        """The runs that a press of the task would wait for, as far as the actor may see them."""
        query = RunQuery(task=task.slug, states=BUSY, limit=max(LAST_RUNS, task.limits.at_once))
        return before_the_next(task, await self._store.runs(visibility.past(self._catalog, actor, query)), now)

    def _ask(self, may: frozenset[Verb], slug: str) -> tuple[str, ...]:
        return () if Verb.PRESS in may else self._directory.whom(visibility.resource(self._catalog, slug))

    def _may(self, actor: Actor, slug: str) -> frozenset[Verb]:
        return verbs(actor, visibility.resource(self._catalog, slug))

    async def run(self, actor: Actor, run: Run, now: Micros, events: Sequence[Event] | None = None) -> RunView:
        """A run that the actor may see; `events` of it where the caller has them already."""
        past = await self.past(actor, run.task, without=run.id, inputs=run.inputs)
        events = await self.events(run) if events is None else events
        told = story(run, events, past.steps)
        if past.usual is None:
            told = told.without_usual()
        ahead: tuple[Run, ...] = ()
        if run.state is RunState.WAITING:
            query = RunQuery(task=run.task, states=BUSY, before=run.id, limit=50)
            before = await self._store.runs(visibility.past(self._catalog, actor, query))
            ahead = tuple(other for other in before[::-1] if not other.aside and not other.for_later(now))
        try:
            task = self._catalog.task(run.task)
        except (NoSuchTask, StillReading):
            task = None
        seen = self._risen(run, _outlook(run, told, past, now))
        needed = () if run.for_later(now) else await needs(self._core, actor, run, now, task)
        holders = next((need.holders for need in needed if not need.free), ())
        may = verbs(actor, *visibility.resources(self._catalog, run))
        helpless = run.state in WRONG and Verb.ADMIN not in may and not actor.own
        await history.brought(self._core, run)
        return RunView(
            run, task, told, past, seen, ahead, now, may, needed,
            await self._going(actor, holders[0], now) if holders else None,
            ask=self._directory.whom(*visibility.resources(self._catalog, run)) if helpless or run.aside else (),
            waits=await waits(self._core, self._lines, actor, run, task), planning=await self._planning(run),
            own=actor.own, wrote=self._core.output.size(run.id) > 0, reading=self._catalog.reading,
            user=task.user if task and task.user and how_it_is_made(may) and await _pressed_as(task, run) else "",
            silent=bool(self._catalog.silent()), tries=(await self.tries(run))[::-1],
            away=await workers.silent(self._core, run), lacking=await self._lacking(run),
            before=await results.before(self._core, actor, run) if told.figures else None,
            menders=self._menders(actor, task) if run.state is RunState.FAILED else {},
            changed=await self._changed(actor, run, told, may) if run.state is RunState.FAILED else None,
            comments=comments(events),
        )  # fmt: skip

    async def tries(self, run: Run) -> tuple[Run, ...]:
        """At the same press as a run that the reader may see, newest first; none where there is one only."""
        return tuple(await self._store.runs(RunQuery(series=run.series, limit=_TRIES))) if run.series else ()

    async def _lacking(self, run: Run) -> Lacking | None:
        return await workers.missing(self._core, run.tags, run.pressed_at) if run.state is RunState.WAITING else None

    async def compared(self, view: RunView) -> RunView:
        """The same, once it is known how the outputs differ."""
        if view.changed is None or not view.changed.pending:
            return view
        output = await self._outputs.compared(view.run, view.changed.run, patience=2 * LONGEST_LOOK)
        return replace(view, changed=replace(view.changed, output=output, pending=False))

    def _menders(self, actor: Actor, task: Task | None) -> Mapping[str, Task]:
        named = {one.task for one in task.failures} if task and not actor.own else set()
        seen = visibility.tasks(self._catalog, actor) if named else {}
        return {slug: seen[slug] for slug in named & seen.keys() if Verb.PRESS in self._may(actor, slug)}

    async def _changed(self, actor: Actor, run: Run, told: Story, may: frozenset[Verb]) -> Changed | None:
        """Since it last worked."""
        if actor.own or run.started_at is None:
            return None
        if (good := await history.last_good(self._core, actor, run)) is None:
            return None
        steps = took(told.steps, story(good, await self.events(good)).steps)
        reads = Verb.OUTPUT in may and Verb.OUTPUT in verbs(actor, *visibility.resources(self._catalog, good))
        output = await self._outputs.compared(run, good) if reads else None
        other = other_task(run, good)
        diff = await declared(self._core, run, good) if other is not False and how_it_is_made(may) else ""
        return Changed(good, other, diff, steps, output, pending=reads and output is None)

    async def _planning(self, run: Run) -> bool:
        if run.hold is None or not run.hold.again or not run.state.active:
            return False
        return not (await self._store.run(run.hold.again)).state.over

    async def inbox(self, actor: Actor, now: Micros, *, before: int = 0) -> InboxView:
        runs = await approve.waiting(self._core, actor, before=before, most=WAITING + 1)
        older = runs[WAITING - 1].id if len(runs) > WAITING else 0
        return InboxView(tuple(runs[:WAITING]), visibility.tasks(self._catalog, actor), now, older)

    async def history(self, actor: Actor, runs: Sequence[Run], now: Micros, *, limit: int) -> HistoryView:
        """`runs` is one more than `limit` where there are older ones."""
        shown = tuple(runs[:limit])
        recent = await self._store.runs(visibility.query(self._catalog, actor, RunQuery(limit=200)))
        actors = sorted({run.actor for run in (*recent, *shown)})
        older = shown[-1].id if len(runs) > limit else 0
        tries = {run.id: (await self.tries(run))[1:] for run in shown if run.series}
        tasks = visibility.tasks(self._catalog, actor)
        return HistoryView(shown, older, tasks, tuple(actors), now, tries, await self._looked_after(shown))

    async def _looked_after(self, runs: Sequence[Run]) -> Mapping[int, str]:
        failed = Topics(runs=frozenset(run.id for run in runs if run.state in WRONG))
        said = await self._store.events(failed, after=0, kind=Kind.COMMENT) if failed.runs else ()
        return {event.run: text_of(event.data, "actor") for event in said if event.run and event.data["on_it"]}

    async def running(self, actor: Actor) -> int:
        """How many runs go on right now."""
        return sum((await self._store.counts(visibility.reach(self._catalog, actor), states=ACTIVE)).values())

    async def past(self, actor: Actor, slug: str, *, without: int = 0, inputs: Inputs | None = None) -> Past:
        """`inputs` of the run that is estimated; of a task, what its push button starts."""
        query = visibility.past(self._catalog, actor, RunQuery(task=slug, limit=LAST_RUNS + 1))
        found = await self._store.runs(query)
        runs = tuple(run for run in found if run.id != without)[:LAST_RUNS]
        task = self._catalog.tasks().get(slug)
        dry_run = task.dry_run if task else ""
        past = Past(runs, dry_run=dry_run, dry=bool(task and inputs and task.is_dry(inputs)))
        finished = tuple(run.id for run in past.good)[:_STEP_RUNS]  # not the same for all who look
        if finished not in self._steps:
            if len(self._steps) >= _KEPT:
                self._steps = {}
            self._steps[finished] = await self._usual_steps([run for run in runs if run.id in finished])
        return replace(past, steps=self._steps[finished])

    async def events(self, run: Run) -> Sequence[Event]:
        """All events of a run, oldest first, within reason. Of one that goes on, only the new ones are read."""
        read = self._told.get(run.id, [])
        while len(read) < _EVENTS_READ:
            after = read[-1].id if read else 0
            more = await self._store.events(Topics(runs=frozenset({run.id})), after=after, limit=_PAGE)
            read = read + [event for event in more if event.run == run.id]
            if len(more) < _PAGE:
                break
        if run.state.over:
            self._told.pop(run.id, None)
            self._highest.pop(run.id, None)
        else:
            self._told[run.id] = read
        return read

    def _forget(self, going: set[int]) -> None:
        """Forget the events that were kept of runs that are over."""
        self._told = {number: read for number, read in self._told.items() if number in going}
        self._highest = {number: percent for number, percent in self._highest.items() if number in going}

    async def _going(self, actor: Actor, run: Run, now: Micros) -> Going:
        past = await self.past(actor, run.task, inputs=run.inputs)
        told = story(run, await self.events(run), past.steps)
        return Going(run, told, self._risen(run, _outlook(run, told, past, now)))

    def _risen(self, run: Run, seen: Outlook) -> Outlook:
        """Progress never goes backwards, whatever an estimate thinks later."""
        if run.state.over or seen.percent is None:
            return seen
        self._highest[run.id] = max(seen.percent, self._highest.get(run.id, 0.0))
        return replace(seen, percent=self._highest[run.id])

    async def _usual_steps(self, runs: Sequence[Run]) -> Mapping[str, float]:
        """The median time of each step of the newest run, in its order."""
        times: dict[str, list[float]] = {}
        order: list[str] = []
        for run in runs:
            steps = story(run, await self.events(run)).steps
            order = order or [step.name for step in steps if not step.depth]
            for step in steps:
                if not step.depth and step.seconds is not None:
                    times.setdefault(step.name, []).append(step.seconds)
        return {name: statistics.median(times[name]) for name in order if name in times}


def _outlook(run: Run, told: Story, past: Past, now: Micros) -> Outlook:
    if run.started_at is None or run.state.over:
        percent = 100.0 if run.state is RunState.SUCCEEDED else told.reported
        return Outlook(percent=percent, samples=past.samples, usual=past.usual, slow=past.slow)
    step = told.outer
    progress = Progress(
        elapsed=lasted(run, now) or 0.0,
        done=told.done,
        step=step.name if step else "",
        within=(now - step.started) / _SECOND if step and step.started is not None else 0.0,
        step_percent=step.percent if step else None,
        reported=told.reported,
        reported_at=((told.reported_at or run.started_at) - run.started_at) / _SECOND,
    )
    return outlook(past, progress)
