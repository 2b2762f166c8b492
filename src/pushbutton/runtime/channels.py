"""The channels as they stand, and a test of one: for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.messages import MAIL, PRESSER, Channel, Line, Message, Occasion, Rule
from pushbutton.domain.policy import require
from pushbutton.errors import BadInput, NoSuchChannel, Undelivered
from pushbutton.sentence import say

from . import telling
from .clock import now
from .core import Core
from .ports.messages import Told


@dataclass(frozen=True, slots=True)
class Standing:
    channel: Channel
    line: Line
    rules: int  # that name it
    people: int = 0  # who want to be told by it: of the mail to people

    @property
    def works(self) -> bool:
        return not self.line.broken


@dataclass(frozen=True, slots=True)
class RuleOf:
    """A rule, and of what it is: everything, a group or a task by its title."""

    rule: Rule
    scope: str  # "server", "group", "task"
    name: str


async def listed(core: Core, actor: Actor) -> Sequence[Standing]:
    """Those that take nothing come first; the mail to people last. Raises `Refused`."""
    require(actor, Verb.ADMIN)
    lines, told = await core.store.messages.lines(), rules(core)
    found = [
        Standing(channel, lines.get(name, Line()), sum(name in one.rule.to for one in told))
        for name, channel in core.catalog.channels().items()
    ]
    if mail := telling.channel(core, MAIL):
        wishes = core.directory.all.wishes.values()
        people = sum(bool(one.tell or one.runs or one.follows) for one in wishes)
        to_pressers = sum(PRESSER in one.rule.to for one in told)
        found.append(Standing(mail, lines.get(MAIL, Line()), to_pressers, people))
    return sorted(found, key=lambda one: (one.works, one.channel.name == MAIL, one.channel.name))


def rules(core: Core) -> Sequence[RuleOf]:
    """All of them, each once: those of everything first, then those of groups, then those of tasks."""
    found: dict[RuleOf, None] = {}
    for task in core.catalog.tasks().values():
        for rule in task.tell:
            scope = rule.scope or "task"
            name = {"server": "", "group": task.group}.get(scope, task.title)
            found[RuleOf(rule, scope, name)] = None
    order = ("server", "group", "task")
    return sorted(found, key=lambda one: (order.index(one.scope), one.name))


async def test(core: Core, actor: Actor, name: str) -> None:
    """Send a test through it, now; to the mail of people none is sent, which everybody tests for themselves. Raises
    `NoSuchChannel`, `Refused`, and `BadInput` with the reason why it was not taken.
    """
    require(actor, Verb.ADMIN)
    if name == MAIL:
        raise BadInput(say("The mail to people is tested by each of them, in their account."))
    channel = core.catalog.channels().get(name)
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
