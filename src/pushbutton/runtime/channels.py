"""The channels as they stand, those that are added and removed here, and a test of one: for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pushbutton.domain.actor import EVERYWHERE, Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.made_channel import FIELDS, MadeChannel, unfit
from pushbutton.domain.messages import MAIL, PRESSER, Channel, Line, Message, Occasion, Rule
from pushbutton.domain.person import Snapshot
from pushbutton.domain.policy import require
from pushbutton.errors import BadInput, InvalidInputs, NoSuchChannel, Refused, Undelivered
from pushbutton.sentence import say

from . import telling
from .clock import now
from .core import Core
from .ports.messages import Told
from .ports.people import Change

MOST = 100
"""Channels that were added."""


@dataclass(frozen=True, slots=True)
class Standing:
    channel: Channel
    line: Line
    rules: int  # that name it
    people: int = 0  # who want to be told by it

    @property
    def works(self) -> bool:
        return not self.line.broken


@dataclass(frozen=True, slots=True)
class RuleOf:
    """A rule, and of what it is: everything, a group or a task by its title."""

    rule: Rule
    scope: str  # "server", "group", "task"
    name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a new channel is to be, see `MadeChannel`."""

    name: str
    address: str  # mail addresses, or one as Apprise has it
    language: str = "en"
    tell: Sequence[str] = ()
    where: str = EVERYWHERE
    people: bool = False


async def listed(core: Core, actor: Actor) -> Sequence[Standing]:
    """Those that take nothing come first; the mail to people last. Raises `Refused`."""
    require(actor, Verb.ADMIN)
    lines, told = await core.store.messages.lines(), rules(core)
    known = [telling.channel(core, name) for name in telling.names(core)]
    found = [
        Standing(channel, lines.get(channel.name, Line()), _naming(channel.name, told), _choosing(core, channel.name))
        for channel in known
        if channel
    ]
    if mail := telling.channel(core, MAIL):
        wishes = core.directory.all.wishes.values()
        people = sum(bool(one.tell or one.runs or one.follows) for one in wishes)
        found.append(Standing(mail, lines.get(MAIL, Line()), _naming(PRESSER, told), people))
    return sorted(found, key=lambda one: (one.works, one.channel.name == MAIL, one.channel.name))


def _naming(name: str, told: Sequence[RuleOf]) -> int:
    return sum(name in one.rule.to for one in told)


def _choosing(core: Core, name: str) -> int:
    return sum(one.channel == name and bool(one.chat) for one in core.directory.all.wishes.values())


async def named(core: Core, actor: Actor, name: str) -> Standing:
    """Raises `Refused`, `NoSuchChannel`."""
    found = next((one for one in await listed(core, actor) if one.channel.name == name), None)
    if found is None:
        raise NoSuchChannel(name)
    return found


def rules(core: Core) -> Sequence[RuleOf]:
    """All of them, each once: those of everything first, then those of groups, then those of tasks."""
    found: dict[RuleOf, None] = {}
    for task in core.catalog.tasks().values():
        for rule in task.tell:
            scope = rule.scope or "task"
            name = {"server": "", "group": task.group}.get(scope, task.title)
            found[RuleOf(rule, scope, name)] = None
    for made in core.directory.all.channels.values():
        scope, name = _place(core, made.where)
        found |= dict.fromkeys(RuleOf(rule, scope, name) for rule in made.every_rule)
    order = ("server", "group", "task")
    return sorted(found, key=lambda one: (order.index(one.scope), one.name))


def _place(core: Core, where: str) -> tuple[str, str]:
    """Of what a channel that was added is told: (scope, name)."""
    kind, _, name = where.partition(":")
    task = core.catalog.tasks().get(name) if kind == "task" else None
    return ("server", "") if where == EVERYWHERE else (kind, task.title if task else name)


async def add(core: Core, actor: Actor, wanted: Wanted) -> Standing:
    """From now on messages go there. Raises `Refused`, `InvalidInputs`."""
    require(actor, Verb.ADMIN)
    at, address = now(), wanted.address.strip()
    made = MadeChannel(
        wanted.name.strip(), core.seal.close(address), actor.user or actor.name, at, wanted.language,
        tuple(dict.fromkeys(wanted.tell)), wanted.where, wanted.people,
    )  # fmt: skip
    wrong = unfit(made, address) | _unfit_place(core, wanted.where)
    if made.id in core.catalog.channels():
        wrong[FIELDS["name"]] = say("A file declares a channel of this name: give it another one.")
    if wrong:
        raise InvalidInputs(wrong)
    kind = made.opened(address).kind
    done = act(actor, Deed.CHANNEL_ADD, f"channel {made.id}", at, kind=kind, tell=list(made.tell), where=made.where)

    def work(seen: Snapshot) -> Change:
        if made.id in seen.channels:
            raise InvalidInputs({FIELDS["name"]: say("There is a channel of this name: give it another one.")})
        if len(seen.channels) >= MOST:
            raise Refused(say("There are {n} channels already: remove those that nobody needs any more.", n=MOST))
        return Change(done, put=[made])

    await core.directory.change(work)
    return await named(core, actor, made.id)


def _unfit_place(core: Core, where: str) -> dict[str, str]:
    kind, _, name = where.partition(":")
    tasks = core.catalog.tasks()
    groups = {task.group for task in tasks.values() if task.group}
    if where == EVERYWHERE or (kind == "group" and name in groups) or (kind == "task" and name in tasks):
        return {}
    return {FIELDS["where"]: say("Say of which tasks it is told: *, group:NAME or task:NAME, of those that there are.")}


async def remove(core: Core, actor: Actor, name: str) -> None:
    """With what waits for it. Raises `Refused`, `NoSuchChannel`."""
    require(actor, Verb.ADMIN)
    made = core.directory.all.channels.get(name)
    if made is None:
        if telling.channel(core, name):
            raise Refused(say("This channel stands in a file: take it out there."))
        raise NoSuchChannel(name)
    done = act(actor, Deed.CHANNEL_REMOVE, f"channel {name}", now())
    await core.directory.change(lambda seen: Change(done, drop=[made]) if name in seen.channels else Change())
    await core.store.messages.forget(name)


async def test(core: Core, actor: Actor, name: str) -> None:
    """Send a test through it, now; to the mail of people none is sent, which everybody tests for themselves. Raises
    `NoSuchChannel`, `Refused`, and `BadInput` with the reason why it was not taken.
    """
    require(actor, Verb.ADMIN)
    if name == MAIL:
        raise BadInput(say("The mail to people is tested by each of them, in their account."))
    channel = telling.channel(core, name)
    if channel is None:
        raise NoSuchChannel(name)
    at = now()
    await core.store.audit.record(act(actor, Deed.CHANNEL_TEST, f"channel {name}", at))
    message = Message(name, Occasion.TEST, at, at)
    try:
        letter = core.letters.writer().letter(Told(message, None, None), channel.language, "")
        await telling.send(core, name, "", letter)
    except Undelivered as error:
        await core.store.messages.broken(name, at, str(error))
        raise BadInput(say("The test was not taken: {why}", why=str(error))) from None
    await core.store.messages.broken(name, 0)
    core.notifier.hint(telling.WAITING)
