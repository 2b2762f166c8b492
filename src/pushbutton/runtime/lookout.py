"""Looks at what is due of all schedules: each moment is pressed once at most, or kept with the reason why it was not;
and tells when one presses nothing, or has not succeeded in time.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pushbutton.domain.actor import ALL, Actor
from pushbutton.domain.audit import Act, Deed
from pushbutton.domain.event import Draft, Kind, iso
from pushbutton.domain.identity import one_line
from pushbutton.domain.messages import LATE
from pushbutton.domain.run import WRONG, Micros
from pushbutton.domain.schedule import FAILED, SECOND, Firing, Pause, Schedule, Verdict, come, following, local
from pushbutton.domain.task import Reason
from pushbutton.errors import BadInput, InvalidInputs, KeyReused, PushbuttonError, Refused, StillReading, StoreError
from pushbutton.sentence import say

from . import journal, pauses, schedules
from .clock import now
from .core import Core
from .ports.memos import Memo
from .press import press
from .schedules import Rule

DUE: Final = "It was due."
"""The reason of a press that has to have one."""
TOLD: Final = 366 * 86_400 * 1_000_000
"""Microseconds for which it is kept that somebody was told of a moment."""

log = logging.getLogger(__name__)


class Lookout:
    """Looks at all schedules. Which moment each waits for is kept in memory: one whose moment is not come, and that is
    not another one since, costs no look at the store.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._coming: dict[str, tuple[Schedule, Micros | None]] = {}  # by schedule; None: no moment comes
        self._late: dict[str, Micros] = {}  # by schedule that has to succeed in time: when that is looked at
        self._fitting: dict[str, tuple[Rule, bool]] = {}  # by schedule that somebody made: whether it is unfit

    async def look(self) -> Micros | None:
        """Deal with all moments that have come: each is pressed once at most, or kept with the reason why it was not.
        The next moment; None: there is none.

        Raises `StoreError`; what was not dealt with is when this is called again.
        """
        known, at = await self._core.store.pauses(), now()
        before, self._coming = self._coming, {}
        waiting: dict[str, tuple[Schedule, Micros | None]] = {}
        try:
            for rule in schedules.rules(self._core):
                name, schedule = rule.id, rule.schedule
                told = await self._told(rule, at)
                seen, coming = before.get(name, (None, None))
                if seen != schedule or (coming is not None and coming <= at):
                    coming = await _deal(self._core, rule, schedules.pausing(known, name), told=told)
                    self._late.setdefault(name, at)
                if schedule.late and self._late.get(name, at + 1) <= at:
                    self._late[name] = await _alarm(self._core, rule, at)
                waiting[name] = (schedule, coming)
        finally:
            self._coming = waiting
        self._late = {name: moment for name, moment in self._late.items() if name in waiting}
        self._fitting = {name: found for name, found in self._fitting.items() if name in waiting}
        late = [moment for name, moment in self._late.items() if waiting[name][0].late]
        return min([*late, *(coming for _, coming in waiting.values() if coming is not None)], default=None)

    async def _told(self, rule: Rule, at: Micros) -> bool:
        """Tell, once, that what somebody made does not fit its task any more, as soon as the task is another one.
        Whether that was told.
        """
        if rule.made is None:
            return False
        before, told = self._fitting.get(rule.id, (None, False))
        if before and before.task is rule.task and before.schedule == rule.schedule:
            return told
        why = await schedules.unfit(self._core, rule)
        await _tell_news(self._core, rule, why, at)
        self._fitting[rule.id] = (rule, bool(why))
        return bool(why)


async def _deal(core: Core, rule: Rule, paused: Sequence[Pause], *, told: bool) -> Micros | None:
    """The schedule's next moment. `told`: who wants to know that it presses nothing knows."""
    name, schedule, at = rule.id, rule.schedule, now()
    newest = await core.store.firings(name, limit=1)
    if not newest and not rule.begun:
        await core.store.fire([Firing(name, at, Verdict.BEGUN)])
        return following(schedule, at)
    seen = max([rule.begun, *(one.due for one in newest)])
    told = told or any(one.verdict is Verdict.BROKEN for one in newest)
    for due, verdict in come(schedule, seen, at):
        firing, seen = Firing(name, due, verdict), due
        if verdict not in (Verdict.PRESSED, Verdict.CAUGHT_UP):
            await core.store.fire([firing])
        elif pause := next((one for one in paused if one.holds(due)), None) or await _given_up(core, rule):
            paused = [*paused, pause]
            await core.store.fire([replace(firing, verdict=Verdict.PAUSED, why=pause.reason)])
        elif not await _blacked_out(core, rule, firing, told=told):
            await _press(core, rule, firing, told=told)
    return following(schedule, max(seen, at) if schedule.cron else seen)


async def _blacked_out(core: Core, rule: Rule, firing: Firing, *, told: bool) -> bool:
    """Whether an entry of its calendar lasts at the moment, or the calendar cannot be read: that is kept."""
    if not rule.schedule.blackout:
        return False
    try:
        found = await core.calendars.entry(rule.schedule.blackout, local(rule.schedule, firing.due))
    except BadInput as error:
        await _keep_broken(core, rule, firing, str(error), told=told)
        return True
    if found is not None:
        await core.store.fire([replace(firing, verdict=Verdict.BLACKOUT, why=one_line(found))])
    return found is not None


async def _press(core: Core, rule: Rule, firing: Firing, *, told: bool) -> None:
    """`told`: nothing could be pressed the last time, either, so who wants to know of it knows."""
    if rule.made:
        actor = core.directory.of_schedule(rule.made, now())
    else:
        actor = Actor(f"schedule:{rule.id}", ALL, credential=f"schedule:{rule.id}")
    why = schedules.barred(core, rule) or ("" if rule.task else say("Its task is gone."))
    try:
        if why:
            raise Refused(why)
        await press(
            core, actor, rule.slug, rule.schedule.inputs, key=str(firing.due), not_before=firing.due, firing=firing,
            why=DUE if rule.task and rule.task.reason is Reason.REQUIRED else "",
        )  # fmt: skip
    except KeyReused:
        log.warning("the schedule %s was changed while it pressed; what was pressed stays", firing.schedule)
    except (StoreError, StillReading):
        raise
    except PushbuttonError as error:
        why = why or (error.by_field if isinstance(error, InvalidInputs) else "") or str(error)
        log.warning("the schedule %s pressed nothing: %s", firing.schedule, why)
        await _keep_broken(core, rule, firing, why, told=told)


async def _given_up(core: Core, rule: Rule) -> Pause | None:
    """The pause that it takes by itself where its last runs failed, one after the other, as often as it says. It is
    looked for when it is due again; the end of a pause begins the count anew.
    """
    name, most = rule.id, rule.schedule.pause_after
    if not most:
        return None
    kept = await core.store.firings(name)
    since = itertools.takewhile(lambda one: one.verdict is not Verdict.BEGUN and one.due >= rule.begun, kept)
    numbers = [one.run for one in since if one.run and one.verdict in (Verdict.PRESSED, Verdict.CAUGHT_UP)][:most]
    if len(numbers) < most or not all([await schedules.end_of(core, number) in WRONG for number in numbers]):
        return None
    at = now()
    pause = Pause(0, FAILED, f"schedule:{name}")
    done = Act(pause.actor, Deed.SCHEDULE_PAUSE, f"schedule {name}", at, {
        **schedules.told(rule), **pauses.told(pause),
    })  # fmt: skip
    await core.store.pause(name, pause, done)
    log.warning("the schedule %s is paused: its last %d runs failed", name, most)
    return pause


async def _alarm(core: Core, rule: Rule, at: Micros) -> Micros:
    """Tell, once for a due moment, that no run has succeeded in time since it came. When to look again."""
    patience = int(rule.schedule.late * SECOND)
    found = await schedules.awaited(core, rule)
    if due := await schedules.late_since(core, rule, found, at):
        await _tell_once(core, rule, due, at)
    coming = [one.due + patience for one in found if one.due + patience > at]
    return min(coming, default=at + patience)


# Told first, then kept that it was told: a kill between the two tells twice rather than never.


async def _tell_once(core: Core, rule: Rule, due: Micros, at: Micros) -> None:
    memo = Memo(f"{rule.id} {due}", "", at + TOLD)
    if memo.name in await core.store.memos.read(LATE, [memo.name], at=at):
        return
    text = say("No run of its schedule “{name}” has succeeded in time.", name=rule.schedule.name)
    data = {"code": LATE, "level": "warn", "text": text, "schedule": rule.id, "due": iso(due)}
    await core.store.say(Draft(Kind.NOTE, data, at), task=rule.slug)
    core.notifier.hint("events")
    await core.store.memos.change(LATE, [memo.name], lambda _: [memo], at=at)


async def _tell_news(core: Core, rule: Rule, why: str, at: Micros) -> None:
    """Tell why it presses nothing, unless that was told. "": there is nothing to tell, and what was told is over."""
    name = f"{rule.id} unfit"
    before = (await core.store.memos.read(LATE, [name], at=at)).get(name)
    if (before.value if before else "") == why:
        return
    if why:
        await _say_broken(core, rule, why)
    memo = Memo(name, why, at + TOLD if why else at)
    await core.store.memos.change(LATE, [name], lambda _: [memo], at=at)


async def _keep_broken(core: Core, rule: Rule, firing: Firing, why: str, *, told: bool) -> None:
    """It pressed nothing at this moment. `told`: whoever wants to know that knows."""
    if not told:
        await _say_broken(core, rule, why)
    await core.store.fire([replace(firing, verdict=Verdict.BROKEN, why=why)])


async def _say_broken(core: Core, rule: Rule, why: str) -> None:
    await core.store.say(journal.note(why, code=LATE), task=rule.slug)
    core.notifier.hint("events")
