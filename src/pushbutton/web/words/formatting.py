"""How durations, times, states and people are said. Pure: the time, the zone and the language are passed in."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from pushbutton.domain.rate import Rate
from pushbutton.domain.run import Micros, RunState
from pushbutton.domain.visible import visible

from .i18n import Texts, mark
from .people import UNKNOWN, Names

SECOND: Final = 1_000_000
"""In microseconds."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


# --- durations, in seconds


def took(seconds: float, t: Texts) -> str:
    """A measured time: "12 s", "2 min 31 s", "1 h 3 min"."""
    whole = int(seconds)
    if whole < 1:
        return t("under 1 s")
    if whole < _MINUTE:
        return t("{s} s", s=whole)
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return t("{m} min {s} s", m=minutes, s=rest) if rest else t("{m} min", m=minutes)
    if whole < _DAY:
        hours, minutes = whole // _HOUR, whole % _HOUR // _MINUTE
        return t("{h} h {m} min", h=hours, m=minutes) if minutes else t("{h} h", h=hours)
    days, hours = whole // _DAY, whole % _DAY // _HOUR
    return t.n("1 day", "{n} days", days) + (f" {t('{h} h', h=hours)}" if hours else "")


def usual(seconds: float, t: Texts) -> str:
    """A time to expect, no finer than it is known: "a few seconds", "under a minute", "about 4 minutes"."""
    if seconds < 10:
        return t("a few seconds")
    if seconds < _MINUTE:
        return t("under a minute")
    if seconds < 55 * _MINUTE:
        return t.n("about 1 minute", "about {n} minutes", max(1, round(seconds / _MINUTE)))
    if seconds < 22 * _HOUR:
        halves = round(seconds / _HOUR * 2)
        if halves % 2:
            return t("about {n} hours", n=t.number(halves / 2, 1))
        return t.n("about 1 hour", "about {n} hours", halves // 2)
    return t.n("about 1 day", "about {n} days", max(1, round(seconds / _DAY)))


def rounded(seconds: float) -> int:
    """A time to expect, in steps that do not flicker: 5 s up to a minute, 10 s up to five, then whole minutes."""
    if seconds < 15:
        return max(1, round(seconds))
    step = 5 if seconds < _MINUTE else 10 if seconds < 5 * _MINUTE else 60
    return round(seconds / step) * step


def left(seconds: float, t: Texts) -> str:
    """Such as "about 1 min 40 s left" or "a few seconds left"."""
    if seconds < 8:
        return t("a few seconds left")
    return t("about {time} left", time=took(rounded(seconds), t))


# --- times


def local(at: Micros, zone: tzinfo | None) -> datetime:
    """In the given zone; None is the server's, with the rules that held at that time."""
    moment = datetime.fromtimestamp(at / SECOND, UTC)
    return moment.astimezone(zone) if zone else moment.astimezone()


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day(moment: date, today: date, t: Texts) -> str:
    """One of "Today", "Tomorrow", "Yesterday", "12 November", "12 November 2025"."""
    if moment == today:
        return t("Today")
    if moment == today + timedelta(days=1):
        return t("Tomorrow")
    if moment == today - timedelta(days=1):
        return t("Yesterday")
    month = t(MONTHS[moment.month - 1])
    if moment.year == today.year:
        return t("{day} {month}", day=moment.day, month=month)
    return t("{day} {month} {year}", day=moment.day, month=month, year=moment.year)


def said_at(at: Micros, now: Micros, form: str, t: Texts, zone: tzinfo | None = None) -> str:
    """A time as a page shows it. The same forms are known to `static/page.js`, which puts them into the reader's zone.

    clock   "09:42"                               day     "Today", "12 November"
    second  "09:42:07"
    moment  "today at 09:42", "tomorrow at 06:00", "on 12 November at 14:05"
    full    "Today, 09:42:07"                     ago     "12 minutes ago", "yesterday, 16:20", "on 12 November"
    """
    then, present = local(at, zone), local(now, zone)
    clock = f"{then:%H:%M}"
    days = (present.date() - then.date()).days
    name = day(then.date(), present.date(), t)
    if form == "clock":
        return clock
    if form == "second":
        return f"{then:%H:%M:%S}"
    if form == "day":
        return name
    if form == "full":
        return f"{name}, {then:%H:%M:%S}"
    if form == "moment":
        if days == 0:
            return t("today at {clock}", clock=clock)
        if days == -1:
            return t("tomorrow at {clock}", clock=clock)
        return t("yesterday at {clock}", clock=clock) if days == 1 else t("on {day} at {clock}", day=name, clock=clock)
    return _ago(max(0, now - at) / SECOND, days, name, clock, t)


def _ago(seconds: float, days: int, name: str, clock: str, t: Texts) -> str:
    if seconds < 45:
        return t("just now")
    if seconds < 55 * _MINUTE:
        return t.n("1 minute ago", "{n} minutes ago", max(1, round(seconds / _MINUTE)))
    if days <= 0 or seconds < 5 * _HOUR:
        return t.n("1 hour ago", "{n} hours ago", max(1, round(seconds / _HOUR)))
    if days == 1:
        return t("yesterday, {clock}", clock=clock)
    return t("{n} days ago", n=days) if days < 7 else t("on {day}", day=name)


def exact(at: Micros, t: Texts, zone: tzinfo | None = None) -> str:
    """Such as "12 November 2026, 14:05:07 CET": shown on hover."""
    then = local(at, zone)
    month = t(MONTHS[then.month - 1])
    return t("{day} {month} {year}", day=then.day, month=month, year=then.year) + f", {then:%H:%M:%S %Z}"


# --- states


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown: a colour (`data-state` in the stylesheet), an icon and a word."""

    colour: str
    icon: str
    word: str
    dry: str  # the word where the run changes nothing


LOOKS: Final = {
    RunState.HELD: Look("attention", "lock", "Needs approval", "Dry run, needs approval"),
    RunState.WAITING: Look("waiting", "clock", "Waiting", "Dry run, waiting"),
    RunState.RUNNING: Look("running", "spin", "Running", "Dry run"),
    RunState.ASKING: Look("attention", "warn", "Needs you", "Dry run, needs you"),
    RunState.SUCCEEDED: Look("succeeded", "check", "Succeeded", "Dry run, all well"),
    RunState.FAILED: Look("failed", "cross", "Failed", "Dry run, failed"),
    RunState.CANCELLED: Look("cancelled", "halt", "Cancelled", "Dry run, cancelled"),
    RunState.LOST: Look("attention", "off", "Lost", "Dry run, lost"),
    RunState.SKIPPED: Look("skipped", "halt", "Skipped", "Dry run, skipped"),
}


# --- tries


def nth(number: int, t: Texts) -> str:
    """Such as "2nd"."""
    if number % 100 not in (11, 12, 13):
        match number % 10:
            case 1:
                return t("{n}st", n=number)
            case 2:
                return t("{n}nd", n=number)
            case 3:
                return t("{n}rd", n=number)
    return t("{n}th", n=number)


def ends(words: Sequence[str], t: Texts) -> Markup:
    """After what a run is tried again, from the words of `domain.retry.Retry.on`: "failures and timeouts"."""
    return all_of([escape(_end(word, t)) for word in words], t)


def _end(word: str, t: Texts) -> str:
    kind, _, what = word.partition(" ")
    match kind:
        case "failed":
            return t("failures")
        case "timeout":
            return t("timeouts")
        case "lost":
            return t("lost contact")
        case "exit":
            return t("code {code}", code=what)
    return t("signal {number}", number=what)


# --- how often


def rate(found: Rate, t: Texts) -> str:
    """Such as "5 times an hour for each person"."""
    count = t.n("Once", "{n} times", found.count)
    stretch = t(STRETCHES[found.seconds])
    if found.person:
        return t("{count} {stretch} for each person", count=count, stretch=stretch)
    return t("{count} {stretch}", count=count, stretch=stretch)


STRETCHES: Final = {
    1: mark("a second"),
    60: mark("a minute"),
    3600: mark("an hour"),
    86_400: mark("a day"),
    604_800: mark("a week"),
}


# --- people


def any_of(names: Sequence[str], t: Texts) -> str:
    """Such as "Ada, Bob or Cy"."""
    *first, last = names
    return t("{names} or {last}", names=", ".join(first), last=last) if first else last


def all_of(names: Sequence[Markup], t: Texts) -> Markup:
    """Such as "Ada, Bob and Cy"."""
    *first, last = names
    return t.html("{names} and {last}", names=Markup(", ").join(first), last=last) if first else last


def either_of(names: Sequence[Markup], t: Texts) -> Markup:
    """Such as "Ada, Bob or Cy"."""
    *first, last = names
    return t.html("{names} or {last}", names=Markup(", ").join(first), last=last) if first else last


def ended_with(code: int, t: Texts) -> str:
    """How a process ended: its code, or, below zero, the signal that ended it."""
    if code >= 0:
        return t("code {code}", code=code)
    try:
        return t("signal {number} ({name})", number=-code, name=signal.Signals(-code).name)
    except ValueError:
        return t("signal {number}", number=-code)


def initials(name: str) -> str:
    """Two letters for a picture of somebody: "Maya Lind" is ML, "ada" is A."""
    words = [word for word in re.split(r"[\s._@-]+", name) if word]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def browser(agent: str, t: Texts) -> str:
    """A browser's name for itself, in two words: "Firefox on Windows"."""
    name = next((known for mark_, known in _BROWSERS if mark_ in agent), "")
    system = next((known for mark_, known in _SYSTEMS if mark_ in agent), "")
    if not name:
        return agent[:40] or t("A program")
    return t("{browser} on {system}", browser=name, system=system) if system else name


def who(actor: str, t: Texts, names: Names = UNKNOWN) -> str:
    """In words, of which nothing hides or turns what stands beside it: see `_who`."""
    return visible(_who(actor, t, names))


def _who(actor: str, t: Texts, names: Names) -> str:
    """Such as "Ada Lovelace", "Ada Lovelace’s token “nightly”" or "The schedule “nightly”"."""
    kind, colon, name = actor.partition(":")
    if actor in ("", "local"):
        return t("Somebody on this machine")
    if colon and kind == "local":
        return t("{name} on this machine", name=name)
    if colon and kind == "schedule":
        task, _, own = name.partition("/")
        made, slash, maker = own.partition("/")
        if slash and maker != "local":
            return t("{name}’s schedule “{schedule}”", name=names.called(maker), schedule=f"{task}/{made}")
        return t("The schedule “{name}”", name=f"{task}/{made}" if slash else name)
    if colon and kind == "file":
        return t("A file that came")
    if colon and kind == "webhook":
        return t("The webhook “{name}”", name=name)
    if colon and kind == "token":
        owner, slash, token = name.partition("/")
        if not slash:
            return t("The token “{name}”", name=name)
        return t("{name}’s token “{token}”", name=names.called(owner), token=token)
    if colon and kind == "link":
        link, _, user = name.partition("/")
        maker, note = names.called(user), names.note(link)
        return t("{name}’s link “{note}”", name=maker, note=note) if note else t("{name}’s link", name=maker)
    if colon and kind == "hook":
        hook, _, user = name.partition("/")
        return t("{name}’s hook “{hook}”", name=names.called(user), hook=names.hook(hook))
    if colon and kind == "service":
        return t("Pushbutton itself")
    if colon and kind == "run":
        return t("Run {number}", number=name)
    return names.called(name if colon and kind == "user" else actor)


def zone(name: str) -> tzinfo | None:
    """The reader's zone by its name; None for one that does not exist."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None
