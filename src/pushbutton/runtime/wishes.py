"""The messages that a person asks for, and their address: verbs of everybody's own account."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from pushbutton.domain import address_link
from pushbutton.domain.actor import Actor
from pushbutton.domain.address_link import Asked
from pushbutton.domain.audit import Act, Deed, act
from pushbutton.domain.contact import is_mail_address
from pushbutton.domain.messages import LOOK_LASTS, LOOKED, MAIL, Channel, Message, Occasion, Wish, Wishes
from pushbutton.domain.person import Snapshot, User
from pushbutton.domain.policy import require_in_person
from pushbutton.domain.run import Run
from pushbutton.domain.schedule import is_zone
from pushbutton.errors import AddressLinkGone, BadInput, NoSuchUser, Refused, StoreError, Undelivered
from pushbutton.sentence import say

from . import history, telling, visibility
from .clock import now
from .core import Core
from .ports.memos import Memo
from .ports.messages import Told
from .ports.people import Change

MOST_RUNS = 100
"""Of which somebody waits for the end; then those go that were asked for longest ago."""
MOST_TASKS = 1000
PAUSE = 60 * 1_000_000
"""Between two letters that somebody asks for."""


def of(core: Core, actor: Actor) -> Wishes:
    return core.directory.all.wishes.get(actor.user, Wishes(actor.user))


def can_be_told(core: Core, actor: Actor) -> bool:
    """Whether this server sends mail, and the actor is a person who can have an account's wishes."""
    return core.letters.mail is not None and bool(actor.user) and actor.within is None and not actor.own


def written_to(core: Core, actor: Actor) -> str:
    """Their address; "": there is none that is known to be theirs."""
    return telling.address_of(_user(core, actor), of(core, actor))


def chats(core: Core) -> Sequence[Channel]:
    """The channels that people may choose, by name."""
    found = [telling.channel(core, name) for name in sorted(telling.names(core))]
    return [one for one in found if one and one.people]


async def keep(
    core: Core,
    actor: Actor,
    *,
    tell: Sequence[str],
    chat: Sequence[str] = (),
    browser: Sequence[str] = (),
    channel: str = "",
    quiet: tuple[int, int],
    urgent: bool,
    zone: str,
    language: str,
    patient: bool = False,
) -> None:
    """Raises `Refused`, `BadInput`."""
    require_in_person(actor)
    known = {wish.value for wish in Wish}
    if wrong := next((one for one in (*tell, *chat, *browser) if one not in known), ""):
        raise BadInput(say("There is no “{name}” to be told of.", name=wrong[:60]))
    if channel and channel not in [one.name for one in chats(core)]:
        raise BadInput(say("There is no channel “{name}” that you can choose.", name=channel[:60]))
    if not all(0 <= minute < 24 * 60 for minute in quiet):
        raise BadInput(say("Give both times as hours and minutes, such as 19:00."))

    def changed(old: Wishes) -> Wishes:
        return replace(
            old, tell=tuple(tell), chat=tuple(chat), browser=tuple(browser), channel=channel,
            quiet_from=quiet[0], quiet_until=quiet[1], urgent=urgent, language=language,
            patient=patient,
            zone=zone if is_zone(zone) else old.zone,
        )  # fmt: skip

    await _change(core, actor, changed)


async def looked(core: Core, actor: Actor, run: Run | None = None) -> None:
    """They have a page before them that tells of this run, or their inbox: no letter need tell them of it. Only of
    those whom a page tells first is that kept.
    """
    at = now()
    if not can_be_told(core, actor) or not of(core, actor).patient:
        return
    if run is not None and run.ended_at is not None and run.ended_at < at - LOOK_LASTS:
        return
    memo = Memo(telling.looked_at(actor.user, run.id if run else 0), str(at), at + LOOK_LASTS)
    with contextlib.suppress(StoreError):  # then a letter comes as well
        await core.store.memos.change(LOOKED, [memo.name], lambda _: [memo], at=at)


async def follow(core: Core, actor: Actor, slug: str, *, on: bool) -> None:
    """A task, of whose failures they are told from now on. Raises `NoSuchTask`."""
    require_in_person(actor)
    if on or slug not in of(core, actor).follows:
        visibility.task(core.catalog, actor, slug)

    def changed(old: Wishes) -> Wishes:
        others = tuple(one for one in old.follows if one != slug)
        tell = old.tell if Wish.FOLLOWED in old.tell or not on else (*old.tell, Wish.FOLLOWED.value)
        return replace(old, follows=(*others, slug)[-MOST_TASKS:] if on else others, tell=tell)

    await _change(core, actor, changed)


async def await_end(core: Core, actor: Actor, number: int, *, on: bool) -> None:
    """Of a run, or of the series that it is a try of: they are told once that it is over. Raises `NoSuchRun`,
    `BadInput`.
    """
    require_in_person(actor)
    run = await history.run(core, actor, number)
    number = run.series or run.id
    if on and not written_to(core, actor):
        raise BadInput(say("Nobody knows your address yet: give one in your account first."))

    def changed(old: Wishes) -> Wishes:
        others = tuple(one for one in old.runs if one != number)
        return replace(old, runs=(*others, number)[-MOST_RUNS:] if on else others)

    await _change(core, actor, changed)


async def ask(core: Core, actor: Actor, address: str) -> None:
    """Send a letter there, with a link by which they confirm that it is theirs. Raises `BadInput`, `Refused`."""
    require_in_person(actor)
    if not is_mail_address(address):
        raise BadInput(say("“{address}” is no mail address.", address=address[:60]))
    mail, asked = core.letters.mail, Asked(actor.user, address, now() + address_link.LASTING)
    if mail is None:
        raise BadInput(say("This server sends no mail."))
    url = core.letters.url(f"/profile/address/{address_link.text(core.key, asked)}")
    if not url:
        raise BadInput(say("This server does not know its own address, which the letter would have to name."))
    _not_too_often(core, actor)
    letter = core.letters.writer().confirmation(address, url, of(core, actor).language)
    try:
        await mail.send(Channel(MAIL), [address], letter)
    except Undelivered as error:
        raise BadInput(say("The letter could not be sent: {why}", why=str(error))) from None


def asked_for(core: Core, actor: Actor, text: str) -> Asked:
    """The address that the link of such a mail confirms. Raises `AddressLinkGone`, `Refused`."""
    found = address_link.read(core.key, text, now())
    if found is None:
        raise AddressLinkGone
    if found.user != actor.user:
        raise Refused(say("This link belongs to another account: sign in as the one that asked for it."))
    return found


async def confirm(core: Core, actor: Actor, text: str) -> None:
    """The address is theirs from now on. Raises `AddressLinkGone`, `Refused`."""
    require_in_person(actor)
    found = asked_for(core, actor, text)
    done = act(actor, Deed.USER_ADDRESS, f"user {actor.user}", now(), address=found.address)
    await _change(core, actor, lambda old: replace(old, address=found.address), done)


async def test(core: Core, actor: Actor) -> None:
    """A letter to themselves, now. Raises `BadInput` with what is in the way."""
    require_in_person(actor)
    address, mail = written_to(core, actor), core.letters.mail
    if mail is None:
        raise BadInput(say("This server sends no mail."))
    if not address:
        raise BadInput(say("Nobody knows your address yet: give one in your account first."))
    _not_too_often(core, actor)
    message = Message(MAIL, Occasion.TEST, now(), now(), person=actor.user)
    language, zone = telling.language_of(core, MAIL, actor.user)
    letter = core.letters.writer().letter(Told(message, None, None), language, zone)
    try:
        await mail.send(Channel(MAIL), [address], letter)
    except Undelivered as error:
        raise BadInput(say("The letter could not be sent: {why}", why=str(error))) from None


def _not_too_often(core: Core, actor: Actor) -> None:
    at, asked = now(), core.letters.asked
    if 0 <= at - asked.get(actor.user, -PAUSE) < PAUSE:
        raise BadInput(say("A letter is on its way: wait a minute before you ask for another one."))
    asked[actor.user] = at


def _user(core: Core, actor: Actor) -> User:
    try:
        return core.directory.all.users[actor.user]
    except KeyError:
        raise NoSuchUser(actor.user or actor.name) from None


async def _change(core: Core, actor: Actor, changed: Callable[[Wishes], Wishes], done: Act | None = None) -> None:
    def work(there: Snapshot) -> Change:
        if actor.user not in there.users:
            raise NoSuchUser(actor.user)
        old = there.wishes.get(actor.user, Wishes(actor.user))
        new = changed(old)
        return Change(done, put=[new]) if new != old or done else Change()

    await core.directory.change(work)
