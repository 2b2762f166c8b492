"""Who is told what of an event, and what there is to say about it when a message goes out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.approval import may_give
from pushbutton.domain.event import Event, Kind
from pushbutton.domain.messages import (
    IN_A_ROW,
    LATE,
    LONGER,
    LOOKED,
    MAIL,
    PRESSER,
    Channel,
    Message,
    Occasion,
    Rule,
    Way,
    Wishes,
    by_rules,
    by_wishes,
    out_at,
    presser,
    told_of,
)
from pushbutton.domain.person import LOCAL_SOURCE, User
from pushbutton.domain.policy import Resource, decide
from pushbutton.domain.run import Run, RunState, is_last
from pushbutton.domain.task import Task
from pushbutton.errors import NoSuchRun, StoreDamaged, Undelivered

from . import visibility
from .clock import now
from .core import Core
from .letterbox import Letterbox
from .ports import RunQuery
from .ports.messages import Letter, Told

WAITING = "messages"
"""The hint that something is to be told."""
_ENDS = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.LOST})


def address_of(user: User, wishes: Wishes) -> str:
    """Where a person is written to: what they confirmed, or what their sign-in says; "": nowhere. One that somebody
    typed for them here is not known to be theirs.
    """
    return wishes.address or ("" if user.source == LOCAL_SOURCE else user.email)


def channel(core: Core, name: str) -> Channel | None:
    """The one of this name, as it is now; None: there is none."""
    if name == MAIL:
        return Channel(MAIL) if core.letters.mail else None
    return core.catalog.channels().get(name) or _made(core, name)


def names(core: Core) -> Sequence[str]:
    """Of all channels, but of the mail to people: those of files, then those that people added."""
    return list(dict.fromkeys([*core.catalog.channels(), *core.directory.all.channels]))


def _made(core: Core, name: str) -> Channel | None:
    found = core.directory.all.channels.get(name)
    if found is None:
        return None
    try:
        return found.opened(core.seal.open(found.address))
    except StoreDamaged:
        return found.opened("")


def rules(core: Core, task: Task) -> Sequence[Rule]:
    """Who is told of it: what files say, and those channels that were added for it."""
    place, declared = Resource(task.slug, task.group), core.catalog.channels()
    added = [one for one in core.directory.all.channels.values() if one.id not in declared]
    return [*task.tell, *(rule for one in added for rule in one.rules(place))]


@dataclass(frozen=True, slots=True)
class Happened:
    """What there is to tell of an event, to whoever asked for it."""

    run: Run | None  # None: it is about a task
    task: Task | None  # None: it is gone
    occasions: Mapping[Occasion, int]
    bare: Message  # without a receiver

    def wanted(self, core: Core, wishes: Wishes, way: Way) -> Occasion | None:
        """What this person asked to be told of it in this way, and may see; None: nothing."""
        actor = _reader(core, wishes.user, self.run, self.bare.task)
        if actor is None:
            return None
        mine = self.run is not None and presser(self.run.actor) == wishes.user
        may = self.run is not None and _can_decide(core, actor, self.run)
        return by_wishes(wishes, self.occasions, self.run, self.bare.task, mine=mine, may=may, way=way)


async def happened(core: Core, event: Event) -> Happened | None:
    """None: nobody is told of it."""
    if not event.task or not _matters(event):
        return None
    run = None
    if event.run is not None:
        try:
            run = await core.store.run(event.run)
        except NoSuchRun:
            return None
        if run.aside:
            return None  # in a copy of the data folder: the original tells it
    task = core.catalog.tasks().get(event.task)
    if run is not None and task is not None and task.is_dry(run.inputs) and not presser(run.actor):
        return None  # a plan of another run: that one asks
    before = await _before(core, run, task) if run is not None and is_last(event) else ()
    occasions = told_of(event, run, before)
    if not occasions:
        return None
    bare = Message(
        "", Occasion.OVER, event.id, event.at, run=run.id if run else 0, task=event.task,
        times=occasions.get(Occasion.FAILED, 0), why=str(event.data.get("text", "")),
    )  # fmt: skip
    return Happened(run, task, occasions, bare)


async def of(core: Core, event: Event) -> Sequence[Message]:
    """The messages of an event, each for one receiver."""
    told = await happened(core, event)
    if told is None:
        return ()
    found: dict[tuple[str, str], Message] = {}
    for name, occasion in by_rules(rules(core, told.task) if told.task else (), told.occasions).items():
        to, person = (MAIL, presser(told.run.actor) if told.run else "") if name == PRESSER else (name, "")
        if channel(core, to) and (person or to != MAIL):
            found[to, person] = replace(told.bare, channel=to, person=person, occasion=occasion)
    for message in _to_people(core, told):
        found[message.channel, message.person] = message
    return list(found.values())


def _matters(event: Event) -> bool:
    """Whether it can be told at all: for most events nothing is read."""
    if event.kind is Kind.NOTE:
        return event.data.get("code") in (LONGER, LATE)
    return event.kind is Kind.STATE and (is_last(event) or event.data["state"] == RunState.HELD)


def _to_people(core: Core, told: Happened) -> Iterator[Message]:
    for wishes in core.directory.all.wishes.values():
        for way, name in ((Way.MAIL, MAIL), (Way.CHAT, wishes.channel)):
            occasion = told.wanted(core, wishes, way) if reaches(core, wishes, name) else None
            if occasion:
                message = replace(told.bare, channel=name, person=wishes.user, occasion=occasion)
                yield replace(message, after=out_at(wishes, message, told.run, now()))


def reaches(core: Core, wishes: Wishes, name: str) -> bool:
    """Whether this person can be told by this channel now."""
    found = channel(core, name) if name else None
    if name == MAIL:
        user = core.directory.all.users.get(wishes.user)
        return bool(found and user and address_of(user, wishes))
    return found is not None and found.people and wishes.channel == name


def _can_decide(core: Core, actor: Actor, run: Run) -> bool:
    if run.hold is None or not may_give(actor, run.hold):
        return False
    return bool(decide(actor, Verb.APPROVE, *visibility.resources(core.catalog, run)))


def _reader(core: Core, name: str, run: Run | None, slug: str) -> Actor | None:
    """The person as an actor, if they may see what it is about now."""
    user = core.directory.all.users.get(name)
    if user is None or core.directory.lapsed(user, now()):
        return None
    actor = core.directory.actor(user)
    where: Sequence[Resource] = [visibility.resource(core.catalog, slug)]
    if run is not None:
        where = visibility.resources(core.catalog, run)
    return actor if decide(actor, Verb.SEE, *where) else None


def _wishes(core: Core, name: str) -> Wishes:
    return core.directory.all.wishes.get(name, Wishes(name))


async def _before(core: Core, run: Run, task: Task | None) -> Sequence[Run]:
    """The runs of its task that had ended before, newest first: of dry runs or of others, as it is one. Of a series
    only the last try counts, and of its own none.
    """
    asked = RunQuery(task=run.task, states=_ENDS, before=run.series or run.id, limit=IN_A_ROW, newest=True)
    dry = task is not None and task.is_dry(run.inputs)
    return [one for one in await core.store.runs(asked) if (task is not None and task.is_dry(one.inputs)) is dry]


async def told(core: Core, message: Message) -> Told | None:
    """The message as of now; None: nothing any more, because the run is gone, was decided meanwhile, or the person
    may not see it (any more), or has looked at it.
    """
    run = None
    if message.run:
        try:
            run = await core.store.run(message.run)
        except NoSuchRun:
            return None
    if message.occasion is Occasion.ASKS and (run is None or run.state is not RunState.HELD):
        return None
    if message.occasion is Occasion.LONGER and (run is None or run.state.over):
        return None
    if message.person and (
        not reaches(core, _wishes(core, message.person), message.channel)
        or _reader(core, message.person, run, message.task) is None
    ):
        return None
    if message.person and await _has_looked(core, message):
        return None
    task = core.catalog.tasks().get(message.task)
    lines: Sequence[str] = ()
    if run is not None and task is not None and run.state.over and _may_read(core, message, run):
        lines = await _last_lines(core, run, task.say_output)
    return Told(message, run, task, (run.series or run.id) if run else 0, lines)


def looked_at(person: str, run: int = 0) -> str:
    """The name of the memo; of their inbox where no run is named."""
    return f"{person} {run or 'inbox'}"


async def _has_looked(core: Core, message: Message) -> bool:
    """Since it happened, of somebody whom a page tells first."""
    if not _wishes(core, message.person).patient or not message.run:
        return False
    names = [looked_at(message.person, message.run)]
    names += [looked_at(message.person)] if message.occasion is Occasion.ASKS else []
    found = await core.store.memos.read(LOOKED, names, at=now())
    return any(int(memo.value) >= message.at for memo in found.values())


def _may_read(core: Core, message: Message, run: Run) -> bool:
    """The output. Of a channel its author decides; one that a person chose may have other readers."""
    if not message.person:
        return True
    if message.channel != MAIL:
        return False
    actor = _reader(core, message.person, run, run.task)
    return actor is not None and bool(decide(actor, Verb.OUTPUT, *visibility.resources(core.catalog, run)))


async def _last_lines(core: Core, run: Run, count: int) -> Sequence[str]:
    if not count or not core.output.size(run.id):
        return ()
    with contextlib.suppress(OSError):
        reader = core.lines(run.id)
        try:
            page = await reader.lines(-count, count, final=True)
        finally:
            await reader.close()
        return [line.text for line in page.lines]
    return ()


async def send(core: Core, name: str, person: str, letter: Letter) -> None:
    """Carry it to this channel, or to this person. Raises `Undelivered`. Nothing happens where neither is there."""
    found = channel(core, name)
    if found is None:
        return
    if name == MAIL:
        user = core.directory.all.users.get(person)
        addresses = [address_of(user, _wishes(core, person))] if user else []
    else:
        addresses = list(found.mail)
    if found.url:
        await core.letters.others.send(found, (), letter)
    elif addresses:
        await _by_mail(core.letters, found, addresses, letter)
    elif name != MAIL:
        why = "its address cannot be read: server.key is not the one with which it was kept; remove it and add it anew"
        raise Undelivered(name, why)


async def _by_mail(letters: Letterbox, found: Channel, addresses: Sequence[str], letter: Letter) -> None:
    if letters.mail is None:
        raise Undelivered(found.name, "no mail server is set here: start the server with --smtp")
    await letters.mail.send(found, addresses, letter)


def language_of(core: Core, name: str, person: str) -> tuple[str, str]:
    """(language, zone) in which a receiver is told; the zone "" is the server's."""
    if person:
        wishes = _wishes(core, person)
        return wishes.language, wishes.zone
    found = channel(core, name)
    return (found.language if found else "en"), ""
