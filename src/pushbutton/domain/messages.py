"""Messages: what people and channels are told because of an event, and when. Pure; the time is passed in. Times are
microseconds since the epoch.

A message is decided once, when its event is read, and kept until its channel took it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from .event import Event, Kind
from .run import Micros, Run, RunState, is_last

MAIL: Final = "mail"
"""The channel that reaches people by their addresses. No file can declare one of that name."""
PRESSER: Final = "presser"
"""In a rule, in place of a channel: mail to whoever pressed."""
CHANNEL_NAME: Final = "^[a-z0-9]+(-[a-z0-9]+)*$"
MOST: Final = 10
WINDOW: Final = 10 * 60 * 1_000_000
"""Messages to one receiver beyond `MOST` in that time become one digest."""
IN_A_ROW: Final = 100
"""Failures in a row are counted so far."""
LONGER: Final = "longer"
"""The code of the note with which a run says that it takes longer than usual."""
PATIENCE: Final = 5 * 60 * 1_000_000
"""Microseconds for which a letter waits for somebody whom a page tells first."""
LOOKED: Final = "looked"
"""The kind of the memos that somebody has looked at a run, or at their inbox."""
LOOK_LASTS: Final = 86_400 * 1_000_000
"""Microseconds for which that is known: quiet hours are shorter than a day."""
LATE: Final = "late"
"""The code of the note that a schedule of a task has not succeeded in time, or cannot press."""


class Occasion(StrEnum):
    """The occasion of a message; the words of “tell” in files. Of several, the first one here names the message."""

    TEST = "test"  # somebody wants to know whether the channel works; no rule can name it
    ASKS = "asks"  # a run waits for an approval
    FAILED = "failed"  # it failed, or nobody knows how it ended
    RECOVERED = "recovered"  # the first that succeeds after a failure
    LATE = "late"
    LONGER = "longer"  # than nine of ten runs took; told once
    OVER = "over"  # however it ended


_BAD: Final = frozenset({RunState.FAILED, RunState.LOST})
_ENDS: Final = _BAD | {RunState.SUCCEEDED}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a file: on this occasion, tell these channels."""

    on: Occasion
    to: tuple[str, ...]
    times: int = 0  # of a failure: only of this one in a row; 0: of each
    scope: str = ""  # "": the task's own; else "group" or "server"


@dataclass(frozen=True, slots=True)
class Channel:
    """Where messages go, by the name that rules use: some addresses, or whatever an address of Apprise's says."""

    name: str
    mail: tuple[str, ...] = ()
    url: str = field(default="", repr=False)  # {name} in it stands for a named secret
    language: str = "en"
    file: str = ""
    line: int = 1
    maker: str = ""  # who added it; "": a file declares it
    people: bool = False  # everybody may choose it for what they are told themselves

    @property
    def kind(self) -> str:
        """As people call it: "mail", "slack", "ntfy"."""
        kind = self.url.partition("://")[0].lower()
        return "apprise" if "{" in kind else kind or MAIL


def is_channel_url(text: str) -> bool:
    """Whether it begins as an address of Apprise does, or with a named secret that holds one."""
    return re.match(r"[a-z][a-z0-9]*://|\{", text) is not None


class Wish(StrEnum):
    """The messages that a person can ask for."""

    NEEDS = "needs"  # something needs them
    FAIL = "fail"  # a run that they pressed failed
    RECOVER = "recover"
    OVER = "over"
    LONGER = "longer"
    FOLLOWED = "followed"  # a task that they follow failed


class Way(StrEnum):
    """How a person is told."""

    BROWSER = "browser"  # while a page of ours is open
    MAIL = "mail"
    CHAT = "chat"  # by the channel that they chose


@dataclass(frozen=True, slots=True)
class Wishes:
    """The wishes of one person. Minutes count from midnight in `zone`; from and until the same: never quiet."""

    user: str
    tell: tuple[str, ...] = ()  # by mail
    follows: tuple[str, ...] = ()  # slugs of tasks
    runs: tuple[int, ...] = ()  # of which they want to know that they are over; of a series its number
    address: str = ""  # that they have confirmed
    quiet_from: int = 0
    quiet_until: int = 0
    urgent: bool = True  # what needs them comes in the quiet hours, too
    patient: bool = False  # a page tells it first: a letter goes out after `PATIENCE`, if they have not looked
    zone: str = "UTC"
    language: str = "en"
    chat: tuple[str, ...] = ()  # as `tell`
    browser: tuple[str, ...] = ()
    channel: str = ""  # by which the chat reaches them; "": none

    def by(self, way: Way) -> tuple[str, ...]:
        return {Way.BROWSER: self.browser, Way.MAIL: self.tell, Way.CHAT: self.chat}[way]


@dataclass(frozen=True, slots=True)
class Message:
    """One thing for one receiver: a channel, or a person by the channel `MAIL` or the one that they chose."""

    channel: str
    occasion: Occasion
    event: int  # with channel and person it is there once
    at: Micros
    person: str = ""
    run: int = 0  # 0: it is about a task
    task: str = ""
    times: int = 0  # of failures: how many in a row
    why: str = ""
    after: Micros = 0  # it does not go out before; 0: at once
    id: int = 0

    @property
    def urgent(self) -> bool:
        return self.occasion in (Occasion.ASKS, Occasion.TEST)


@dataclass(frozen=True, slots=True)
class Line:
    """How a channel stands."""

    waiting: int = 0
    last: Micros = 0  # when it last took something; 0: never yet
    broken: Micros = 0  # since when it takes nothing; 0: it does
    why: str = ""


def told_of(event: Event, run: Run | None, before: Sequence[Run] = ()) -> Mapping[Occasion, int]:
    """The occasions of an event, each with the number of failures in a row. `before`: the runs of the same task and
    kind that had ended before, of each series its last try, newest first. Of a try after which there is another one
    nothing is told.
    """
    if event.kind is Kind.NOTE and event.data.get("code") in (LONGER, LATE):
        if run is not None and run.state.over:
            return {}
        return {Occasion(str(event.data["code"])): 0}
    if event.kind is not Kind.STATE or run is None:
        return {}
    state = RunState(str(event.data["state"]))
    if state is RunState.HELD:
        return {Occasion.ASKS: 0} if run.state is RunState.HELD and run.hold else {}
    if not is_last(event) or state is RunState.SKIPPED or "next" in event.data:
        return {}
    ended = [one for one in before if one.state in _ENDS]
    found = {Occasion.OVER: 0}
    if state in _BAD:
        found[Occasion.FAILED] = 1 + _in_a_row(ended)
    elif state is RunState.SUCCEEDED and ended and ended[0].state in _BAD:
        found[Occasion.RECOVERED] = 0
    return found


def _in_a_row(ended: Sequence[Run]) -> int:
    for count, one in enumerate(ended):
        if one.state not in _BAD:
            return count
    return len(ended)


def first(occasions: Iterable[Occasion]) -> Occasion | None:
    """The one that names the message."""
    found = set(occasions)
    return next((one for one in Occasion if one in found), None)


def by_rules(rules: Iterable[Rule], occasions: Mapping[Occasion, int]) -> Mapping[str, Occasion]:
    """The messages to each channel, `PRESSER` among them: one each."""
    found: dict[str, set[Occasion]] = {}
    for rule in rules:
        if rule.on in occasions and rule.times in (0, occasions[rule.on]):
            for name in rule.to:
                found.setdefault(name, set()).add(rule.on)
    return {name: one for name, told in found.items() if (one := first(told))}


def by_wishes(
    wishes: Wishes,
    occasions: Mapping[Occasion, int],
    run: Run | None,
    task: str,
    *,
    mine: bool,
    may: bool,
    way: Way = Way.MAIL,
) -> Occasion | None:
    """The message about it that this person asked for in this way; None: none. `mine`: they pressed it; `may`: it can
    be their approval that it waits for.
    """
    wanted: set[Occasion] = set()
    asked = wishes.by(way)
    if may and Wish.NEEDS in asked:
        wanted.add(Occasion.ASKS)
    if mine:
        wanted |= {occasion for wish, occasion in _MINE.items() if wish in asked}
    if task in wishes.follows and Wish.FOLLOWED in asked:
        wanted |= {Occasion.FAILED, Occasion.LATE}
    if way is Way.MAIL and run is not None and (run.series or run.id) in wishes.runs:
        wanted |= {Occasion.OVER, Occasion.FAILED, Occasion.RECOVERED}
    return first(wanted & occasions.keys())


_MINE: Final[Mapping[Wish, Occasion]] = {
    Wish.FAIL: Occasion.FAILED,
    Wish.RECOVER: Occasion.RECOVERED,
    Wish.OVER: Occasion.OVER,
    Wish.LONGER: Occasion.LONGER,
}


def presser(actor: str) -> str:
    """The user behind the actor of a run; "" where there is none."""
    kind, mark, rest = actor.partition(":")
    if not mark:
        return actor
    who, _, owner = rest.partition("/")
    return {"token": who, "link": owner}.get(kind, "")


def out_at(wishes: Wishes, message: Message, run: Run | None, at: Micros) -> Micros:
    """When a letter to this person goes out; 0: at once. The end of a run of which they asked to be told is not waited
    for any longer.
    """
    quiet = 0 if message.urgent and wishes.urgent else quiet_until(wishes, at)
    awaited = run is not None and (run.series or run.id) in wishes.runs
    return max(quiet, at + PATIENCE) if wishes.patient and not awaited else quiet


def quiet_until(wishes: Wishes, at: Micros) -> Micros:
    """When the quiet hours end in which this moment lies; 0: it lies in none."""
    begin, end = wishes.quiet_from, wishes.quiet_until
    if begin == end:
        return 0
    here = datetime.fromtimestamp(at / 1_000_000, ZoneInfo(wishes.zone))
    minute = here.hour * 60 + here.minute
    within = begin <= minute < end if begin < end else minute >= begin or minute < end
    if not within:
        return 0
    day = here + timedelta(days=1) if minute >= end else here
    return int(day.replace(hour=end // 60, minute=end % 60, second=0, microsecond=0).timestamp()) * 1_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """One letter: a message, or several as a digest."""

    messages: tuple[Message, ...]

    @property
    def digest(self) -> bool:
        return len(self.messages) > 1


def batches(waiting: Sequence[Message], sent: Sequence[Micros], at: Micros) -> tuple[Sequence[Batch], Micros | None]:
    """The letters to one receiver now, in order, and when to look again (None: nothing else waits). `waiting` is all
    that waits for it, oldest first; `sent`: when something last went to it.
    """
    ready = tuple(one for one in waiting if one.after <= at)
    coming = min((one.after for one in waiting if one.after > at), default=None)
    if not ready:
        return (), coming
    recent = sorted(moment for moment in sent if moment > at - WINDOW)
    if len(recent) > MOST:  # ten by themselves, and a digest
        room = recent[-MOST - 1] + WINDOW
        return (), room if coming is None else min(room, coming)
    kept_back = sum(one.after > 0 for one in ready) > 1
    if kept_back or len(recent) + len(ready) > MOST:
        return (Batch(ready),), coming
    return tuple(Batch((one,)) for one in ready), coming
