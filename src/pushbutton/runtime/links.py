"""Hand-over links: the holder of one presses one task, with some inputs fixed, so many times, until a given day.

A link does nothing that its maker may not do at that moment. What it allows is decided in `standing`, which is asked
when its page is shown and once more inside the transaction that makes the run and takes one use: never more runs than
uses, never one after it was revoked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from pushbutton.domain import link as text
from pushbutton.domain.actor import NOBODY, Actor, Right, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.identity import LONGEST_TEXT, one_line
from pushbutton.domain.inputs import Exact
from pushbutton.domain.pattern import maybe
from pushbutton.domain.person import Link, Snapshot
from pushbutton.domain.policy import Resource, decide, require, require_in_person, rights_of
from pushbutton.domain.run import Busy, Micros
from pushbutton.errors import InvalidInputs, LinkClosed, NoSuchLink, Refused, TaskBroken
from pushbutton.sentence import say

from . import press, visibility
from .clock import now
from .core import Core
from .input_check import fitted, fixed_inputs
from .ports import Pressed
from .ports.people import Change

DAYS, MOST_DAYS = 7, 365
MOST_USES = 1000
MOST_APPROVERS = 10
MOST = 200
"""Links of one person that are not over."""
DAY: Micros = 86_400 * 1_000_000


class Standing(StrEnum):
    """Whether a link can be used now, and if not, why."""

    OPEN = "open"  # it can be pressed
    REVOKED = "revoked"
    EXPIRED = "expired"
    USED_UP = "used up"
    MAKER = "maker"  # its maker is gone, disabled, or may not press this any more
    TASK_GONE = "task gone"
    TASK_CHANGED = "task changed"  # what was fixed does not fit its inputs any more
    TASK_BROKEN = "task broken"


SENTENCES: Mapping[Standing, str] = {
    Standing.REVOKED: say("This link was taken back by its maker."),
    Standing.EXPIRED: say("This link was good for a time that is over."),
    Standing.USED_UP: say("This link is used up."),
    Standing.MAKER: say("Who made this link may not press this any more, so the link may not either."),
    Standing.TASK_GONE: say("The task that this link was made for is not here any more."),
    Standing.TASK_CHANGED: say("The task was changed since this link was made, and the link does not fit it any more."),
    Standing.TASK_BROKEN: say("The task cannot be pressed at the moment, because its file is broken."),
}


# -- making


async def make(
    core: Core,
    actor: Actor,
    slug: str,
    fixed: Mapping[str, object],
    *,
    days: int = DAYS,
    uses: int = 1,
    approvers: int = 0,
    note: str = "",
    form: bool = False,
) -> Link:
    """`fixed` is JSON or, with `form`, text. Raises `NoSuchTask`, `TaskBroken`, `Refused`, `InvalidInputs`."""
    require_in_person(actor)
    visibility.pressable(core.catalog, actor, slug)
    task = (await core.catalog.offered(slug)).task
    if task.broken:
        raise TaskBroken(slug, visibility.broken(core.catalog, actor, task))
    inputs, wrong = await fitted(core.patterns, lambda fits: fixed_inputs(task, fixed, form=form, fits=fits))
    for name, given, most in (("link-days", days, MOST_DAYS), ("link-uses", uses, MOST_USES)):
        if not 1 <= given <= most:
            wrong[name] = say("Choose a number from {least} to {most}.", least=1, most=most)
    if not 0 <= approvers <= MOST_APPROVERS:
        wrong["link-approvers"] = say("Choose a number from {least} to {most}.", least=0, most=MOST_APPROVERS)
    if len(note.strip()) > LONGEST_TEXT:
        wrong["link-note"] = say("Write at most {n} characters.", n=LONGEST_TEXT)
    if wrong:
        raise InvalidInputs(wrong)
    at = now()
    link = Link(
        text.new_id(), slug, actor.user, inputs, at + days * DAY, uses, at, total=uses, approvers=approvers,
        note=one_line(note),
    )  # fmt: skip
    done = act(
        actor, Deed.LINK_MAKE, f"link {link.id}", at, task=slug, inputs=inputs, days=days, uses=uses, note=link.note,
        approvers=approvers,
    )  # fmt: skip

    def work(seen: Snapshot) -> Change:
        mine = [known for known in seen.links.values() if known.maker == actor.user]
        if sum(not _past(known, at) for known in mine) >= MOST:
            raise Refused(say("You have {n} links already: revoke those that nobody needs any more.", n=MOST))
        # Nothing can be seen with these any more. If one person makes and revokes very many, the oldest go sooner.
        late = [known for known in seen.links.values() if at >= known.until + KEPT]
        past = sorted((known for known in mine if _past(known, at)), key=lambda known: known.made_at)
        return Change(done, put=[link], drop=[*late, *(known for known in past[:-MOST_PAST] if known not in late)])

    await core.directory.change(work)
    return link


MOST_PAST = 500
"""Links of one person that are over, and still listed."""
KEPT = 30 * DAY
"""How long a link is listed after its end."""


# -- looking after


async def revoke(core: Core, actor: Actor, name: str) -> Link:
    """By its id. Its maker may, and an administrator. What was pressed with it goes on.

    Raises `NoSuchLink` also for one that the actor may not know of.
    """
    found = core.directory.all.links.get(name)
    if found is None or not visibility.looks_after(core.catalog, actor, found):
        raise NoSuchLink
    done = act(actor, Deed.LINK_REVOKE, f"link {name}", now(), task=found.task)

    def work(seen: Snapshot) -> Change:
        known = seen.links.get(name)
        return Change(done, put=[replace(known, revoked=True)]) if known and not known.revoked else Change()

    await core.directory.change(work)
    return replace(found, revoked=True)


def listed(core: Core, actor: Actor, *, everybody: bool = False) -> Sequence[Link]:
    """One's own, newest first; with `everybody` those of all, for administrators. Raises `Refused`."""
    if everybody:
        require(actor, Verb.ADMIN)
    links = core.directory.all.links.values()
    found = [link for link in links if everybody or (actor.user and link.maker == actor.user)]
    return sorted(
        (link for link in found if visibility.looks_after(core.catalog, actor, link)), key=lambda link: -link.made_at
    )


def shown(core: Core, actor: Actor, link: Link) -> str:
    """The link's text for its maker; "" for everybody else, since the text is all that a press needs."""
    return text.text(core.key, link) if actor.within is None and actor.user == link.maker else ""


def path(core: Core, name: str) -> str:
    """Below the root: where the pages of a link lie."""
    link = core.directory.all.links.get(name)
    return f"/link/{text.text(core.key, link)}" if link else ""


# -- using


def find(core: Core, given: str) -> Link:
    """Raises `NoSuchLink`."""
    found = text.find(core.key, core.directory.all.links, given)
    if found is None:
        raise NoSuchLink
    return found


def standing(core: Core, link: Link, at: Micros) -> Standing:
    return _standing(core, core.directory.all, link, at)


def maker(core: Core, link: Link) -> str:
    """The name of its maker."""
    user = core.directory.all.users.get(link.maker)
    return user.called if user else link.maker


async def use(
    core: Core, link: Link, raw: Mapping[str, object], *, key: str, why: str = "", address: str = "", form: bool = False
) -> Pressed:
    """Press as the link, which names its maker too, and take one use. What is fixed counts, whatever `raw` says of it.

    The same key again, or a task that joins, takes no use. Raises `LinkClosed` and what `press` raises; then no use
    was taken.
    """
    await core.catalog.awaited(link.task)
    found = standing(core, link, now())
    # The last press again, sent twice, is answered with its run; any other one of a used-up link is refused below.
    if found is not Standing.USED_UP or core.catalog.task(link.task).limits.busy is Busy.JOIN:
        _require(found)
    actor = _presser(core, link, address)
    given = {name: value for name, value in raw.items() if name not in link.inputs}
    given |= {name: Exact(value) for name, value in link.inputs.items()}

    def take(seen: Snapshot) -> Change:
        known = seen.links.get(link.id)
        if known is None:
            raise LinkClosed(SENTENCES[Standing.REVOKED])
        _require(_standing(core, seen, known, now()))
        return Change(put=[replace(known, uses=known.uses - 1)])

    return await press.press(
        core,
        actor,
        link.task,
        given,
        key=f"link:{link.id}:{key}",
        why=why,
        form=form,
        also=take,
        approvers=link.approvers,
    )


def _presser(core: Core, link: Link, address: str) -> Actor:
    held = core.directory.of_link(link, now(), address)
    if not held.known or held.within is None:
        return NOBODY
    return replace(held, within=held.within | {Right(Verb.PRESS, f"task:{link.task}")})


def _require(found: Standing) -> None:
    if found is not Standing.OPEN:
        raise LinkClosed(SENTENCES[found])


def _standing(core: Core, seen: Snapshot, link: Link, at: Micros) -> Standing:
    if link.revoked:
        return Standing.REVOKED
    if at >= link.until:
        return Standing.EXPIRED
    if not 1 <= link.uses <= link.total:
        return Standing.USED_UP
    task = core.catalog.tasks().get(link.task)
    if task is None:
        return Standing.OPEN if core.catalog.reading else Standing.TASK_GONE
    user = seen.users.get(link.maker)
    if user is None or user.disabled or core.directory.lapsed(user, at):
        return Standing.MAKER
    person = Actor(user.name, rights_of(user.name, user.groups, seen.grants))
    if not decide(person, Verb.PRESS, Resource(task.slug, task.group)):
        return Standing.MAKER
    if task.broken:
        return Standing.TASK_BROKEN
    told = {param.name for param in task.params if param.choices_from}  # what these offer is looked at by the press
    still = {name: value for name, value in link.inputs.items() if value is not None and name not in told}
    _, wrong = fixed_inputs(task, still, form=False, fits=maybe)  # what takes long is looked at by the press, too
    return Standing.TASK_CHANGED if wrong or link.inputs.keys() - {one.name for one in task.params} else Standing.OPEN


def _past(link: Link, at: Micros) -> bool:
    return link.revoked or at >= link.until or link.uses < 1
