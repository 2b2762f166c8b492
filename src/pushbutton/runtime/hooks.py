"""Hooks: other systems press a task by calling an address that somebody made for them.

A hook does nothing that its maker may not do at that moment. A call counts only with a signature by a secret that the
two sides share; the same delivery again is the same press.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pushbutton import threads
from pushbutton.domain import hook as rules
from pushbutton.domain import json_text
from pushbutton.domain.actor import Actor, Verb
from pushbutton.domain.audit import Deed, act
from pushbutton.domain.event import Json
from pushbutton.domain.hook import KEPT, Delivery, Hook, Scheme, Verdict
from pushbutton.domain.identity import one_line
from pushbutton.domain.inputs import Exact
from pushbutton.domain.param import ParamType
from pushbutton.domain.person import Snapshot
from pushbutton.domain.policy import require, require_in_person
from pushbutton.domain.run import Micros
from pushbutton.domain.task import Reason, Task
from pushbutton.errors import (
    BadInput,
    InvalidInputs,
    NoSuchHook,
    PushbuttonError,
    Refused,
    StillReading,
    StoreError,
    TaskBroken,
)
from pushbutton.sentence import say

from . import press, visibility
from .clock import now
from .core import Core
from .input_check import fitted, fixed_inputs
from .ports.people import Change

MOST = 50
"""Hooks of one person."""
LONGEST_NAME = 80
MOST_CONDITIONS = 20
CALLED = "Another system called."
"""The reason of a press where a task requires one."""
_SIGNATURES: Micros = 1_000_000
"""Of calls that are not signed, one is kept in this time: they cost whoever sends them nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A new hook as somebody asks for it. `header` and `delivery` are names of headers, for `Scheme.HMAC`."""

    task: str
    name: str
    scheme: str = Scheme.STANDARD
    secret: str = ""  # "": one is made
    header: str = ""
    delivery: str = ""
    only: Mapping[str, Json] | None = None  # by path
    paths: Mapping[str, str] | None = None  # by input
    inputs: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a call. `error`: why nothing was pressed, where that is not as it should be."""

    delivery: Delivery
    error: PushbuttonError | None = None


# -- looking after


async def make(core: Core, actor: Actor, wanted: Wanted, *, form: bool = False) -> tuple[Hook, str]:
    """The hook, and its secret, which is not shown again. With `form`, the inputs are texts.

    Raises `NoSuchTask`, `TaskBroken`, `Refused`, `InvalidInputs`.
    """
    require_in_person(actor)
    slug = wanted.task
    visibility.pressable(core.catalog, actor, slug)
    task = (await core.catalog.offered(slug)).task
    if task.broken:
        raise TaskBroken(slug, visibility.broken(core.catalog, actor, task))
    given = dict(wanted.inputs or {})
    inputs, wrong = await fitted(core.patterns, lambda fits: fixed_inputs(task, given, form=form, fits=fits))
    wrong |= _unfit(task, wanted)
    if wrong:
        raise InvalidInputs(wrong)
    scheme = Scheme(wanted.scheme)
    secret, at = wanted.secret or rules.new_secret(scheme), now()
    hook = Hook(
        rules.new_id(), one_line(wanted.name), slug, actor.user, scheme, core.seal.close(secret), at,
        header=wanted.header.strip(), delivery=wanted.delivery.strip(), only=dict(wanted.only or {}),
        paths=dict(wanted.paths or {}), inputs=inputs,
    )  # fmt: skip
    done = act(actor, Deed.HOOK_MAKE, f"hook {hook.id}", at, name=hook.name, task=slug, scheme=scheme.value)

    def work(seen: Snapshot) -> Change:
        if sum(known.maker == actor.user for known in seen.hooks.values()) >= MOST:
            raise Refused(say("You have {n} hooks already: remove those that nobody needs any more.", n=MOST))
        return Change(done, put=[hook])

    await core.directory.change(work)
    return hook, secret


async def renew(core: Core, actor: Actor, id: str, secret: str = "") -> str:  # noqa: A002
    """Give it another secret, which is the answer; the one before counts for `HANDOVER` too. Raises `NoSuchHook`,
    `Refused`, `InvalidInputs`.
    """
    require_in_person(actor)
    found, at = named(core, actor, id), now()
    if secret and (wrong := rules.unfit_secret(found.scheme, secret)):
        raise InvalidInputs({"hook-secret": wrong})
    fresh = secret or rules.new_secret(found.scheme)
    sealed = core.seal.close(fresh)
    await _change(
        core, actor, found, Deed.HOOK_SECRET,
        lambda hook: replace(hook, secret=sealed, before=hook.secret, before_until=at + rules.HANDOVER),
    )  # fmt: skip
    return fresh


async def pause(core: Core, actor: Actor, id: str) -> Hook:  # noqa: A002
    """Its calls press nothing until it is resumed; their senders are told to try again. Raises `NoSuchHook`."""
    return await _change(core, actor, named(core, actor, id), Deed.HOOK_PAUSE, lambda hook: replace(hook, paused=True))


async def resume(core: Core, actor: Actor, id: str) -> Hook:  # noqa: A002
    """Raises `NoSuchHook`."""
    found = named(core, actor, id)
    return await _change(core, actor, found, Deed.HOOK_RESUME, lambda hook: replace(hook, paused=False))


async def remove(core: Core, actor: Actor, id: str) -> None:  # noqa: A002
    """With what is kept of its calls; what was pressed goes on. Raises `NoSuchHook`."""
    found = named(core, actor, id)
    done = act(actor, Deed.HOOK_REMOVE, f"hook {found.id}", now(), name=found.name, task=found.task)
    await core.directory.change(lambda seen: Change(done, drop=[found]) if found.id in seen.hooks else Change())
    await core.store.deliveries.forget(found.id)


def listed(core: Core, actor: Actor, *, everybody: bool = False) -> Sequence[Hook]:
    """One's own, newest first; with `everybody` those of all, for administrators. Raises `Refused`."""
    if everybody:
        require(actor, Verb.ADMIN)
    hooks = core.directory.all.hooks.values()
    found = [hook for hook in hooks if everybody or (actor.user and hook.maker == actor.user)]
    return sorted(
        (hook for hook in found if visibility.looks_after(core.catalog, actor, hook)), key=lambda hook: -hook.made_at
    )


def named(core: Core, actor: Actor, id: str) -> Hook:  # noqa: A002
    """Raises `NoSuchHook` also for one that the actor may not know of."""
    found = core.directory.all.hooks.get(id)
    if found is None or not visibility.looks_after(core.catalog, actor, found):
        raise NoSuchHook
    return found


async def deliveries(core: Core, actor: Actor, id: str) -> Sequence[Delivery]:  # noqa: A002
    """Its last calls, newest first. Raises `NoSuchHook`."""
    return await core.store.deliveries.newest(named(core, actor, id).id, limit=2 * KEPT)


async def _change(core: Core, actor: Actor, found: Hook, deed: Deed, changed: Callable[[Hook], Hook]) -> Hook:
    done = act(actor, deed, f"hook {found.id}", now(), name=found.name, task=found.task)

    def work(seen: Snapshot) -> Change:
        known = seen.hooks.get(found.id)
        if known is None:
            raise NoSuchHook
        return Change(done, put=[changed(known)]) if changed(known) != known else Change()

    await core.directory.change(work)
    return core.directory.all.hooks.get(found.id, found)


def _unfit(task: Task, wanted: Wanted) -> dict[str, str]:
    """A sentence for each part that cannot be."""
    wrong: dict[str, str] = {}
    if not 1 <= len(wanted.name.strip()) <= LONGEST_NAME:
        wrong["hook-name"] = say("Give it a name of at most {n} characters, to know it again.", n=LONGEST_NAME)
    if wanted.scheme not in list(Scheme):
        wrong["hook-scheme"] = say("Choose how calls are checked: standard, github, gitlab or hmac.")
    elif wanted.secret and (sentence := rules.unfit_secret(Scheme(wanted.scheme), wanted.secret)):
        wrong["hook-secret"] = sentence
    if wanted.scheme == Scheme.HMAC and not rules.is_header(wanted.header.strip()):
        wrong["hook-header"] = say("Name the header in which the signature stands, such as X-Signature.")
    if wanted.delivery.strip() and not rules.is_header(wanted.delivery.strip()):
        wrong["hook-delivery"] = say("This is no name of a header.")
    wrong |= _unfit_paths(task, wanted)
    return wrong


def _unfit_paths(task: Task, wanted: Wanted) -> dict[str, str]:
    wrong: dict[str, str] = {}
    params = {param.name: param for param in task.params}
    for name, path in (wanted.paths or {}).items():
        if name not in params:
            wrong[name] = say("The task has no such input.")
        elif params[name].type in (ParamType.SECRET, ParamType.FILE):
            wrong[name] = say("A call brings no secrets and no files: give the task a named secret.")
        elif sentence := rules.unfit_path(path):
            wrong[name] = sentence
    conditions = wanted.only or {}
    if len(conditions) > MOST_CONDITIONS:
        wrong["hook-only"] = say("Name at most {n} conditions.", n=MOST_CONDITIONS)
    elif sentence := next(filter(None, map(rules.unfit_path, conditions)), ""):
        wrong["hook-only"] = sentence
    elif any(isinstance(value, dict | list) for value in conditions.values()):
        wrong["hook-only"] = say("A condition compares with a text, a number, true or false.")
    return wrong


# -- being called


def find(core: Core, id: str) -> Hook:  # noqa: A002
    """Raises `NoSuchHook`."""
    found = core.directory.all.hooks.get(id)
    if found is None:
        raise NoSuchHook
    return found


async def receive(core: Core, hook: Hook, headers: Mapping[str, str], body: bytes, address: str) -> Answer:
    """Deal with a call. Raises `StoreError` and `StillReading`: it is to be sent again."""
    at = now()
    if why := rules.refusal(hook, headers, body, _secrets(core, hook, at), at):
        return await _unsigned(core, Delivery(hook.id, at, "", Verdict.UNSIGNED, why=why, address=address))
    id_ = rules.delivery_of(hook, headers, body)
    came = Delivery(hook.id, at, id_, Verdict.PRESSED, body=body.decode("utf-8", "replace"), address=address)
    return await _deal(core, hook, came, body, f"hook:{hook.id}:{id_}")


async def again(core: Core, actor: Actor, id: str, number: int) -> Answer:  # noqa: A002
    """Read a call that came once more, by what holds now; done twice, it is one press. Raises `NoSuchHook`,
    `BadInput`.
    """
    hook = named(core, actor, id)
    kept = await core.store.deliveries.one(hook.id, number)
    if kept is None or kept.verdict is Verdict.UNSIGNED:
        raise BadInput(say("This call is not kept any more, or was never believed."))
    await core.store.audit.record(
        act(actor, Deed.HOOK_AGAIN, f"hook {hook.id}", now(), name=hook.name, task=hook.task, delivery=kept.id)
    )
    came = replace(kept, at=now(), verdict=Verdict.PRESSED, run=0, why="", address=actor.address)
    return await _deal(core, hook, came, kept.body.encode(), f"hook:{hook.id}:{kept.id} again {number}")


async def _unsigned(core: Core, came: Delivery) -> Answer:
    last = await core.store.deliveries.newest(came.hook, limit=1)
    if not last or last[0].verdict is not Verdict.UNSIGNED or came.at - last[0].at >= _SIGNATURES:
        came = await core.store.deliveries.keep(came)
    return Answer(came, Refused(came.why))


async def _deal(core: Core, hook: Hook, came: Delivery, body: bytes, key: str) -> Answer:
    if hook.paused:
        return await _kept(core, replace(came, verdict=Verdict.PAUSED, why=say("The hook is paused.")))
    try:
        why, raw = await threads.calls(_read, core, hook, body)
    except ValueError as error:
        return await _kept(core, replace(came, verdict=Verdict.UNREADABLE, why=str(error)), BadInput(str(error)))
    if why:
        return await _kept(core, replace(came, verdict=Verdict.NO_MATCH, why=why))
    actor = core.directory.of_hook(hook, now(), came.address)
    try:
        task = await _awaited(core, hook)
        pressed = await press.press(
            core, actor, hook.task, raw, key=key, form=True, delivery=came,
            why=CALLED if task.reason is Reason.REQUIRED else "",
        )  # fmt: skip
    except (StoreError, StillReading):
        raise
    except InvalidInputs as error:
        return await _kept(core, replace(came, verdict=Verdict.UNFIT, why=error.by_field), error)
    except PushbuttonError as error:
        return await _kept(core, replace(came, verdict=Verdict.REFUSED, why=str(error)), error)
    verdict = Verdict.PRESSED if pressed.made else Verdict.SEEN  # kept with the run
    return Answer(replace(came, verdict=verdict, run=pressed.run.id))


async def _awaited(core: Core, hook: Hook) -> Task:
    return core.catalog.task(await core.catalog.awaited(hook.task))


async def _kept(core: Core, came: Delivery, error: PushbuttonError | None = None) -> Answer:
    return Answer(await core.store.deliveries.keep(came), error)


def _read(core: Core, hook: Hook, body: bytes) -> tuple[str, dict[str, object]]:
    """Why it does not concern the hook, and the inputs. A large body takes a while, so it is for a thread. Raises
    `ValueError`.
    """
    said = json_text.read(body)
    if why := rules.mismatch(hook, said):
        return why, {}
    task = core.catalog.tasks().get(hook.task)
    texts = {param.name for param in task.params if param.type is ParamType.STR} if task else set[str]()
    found: dict[str, object] = {
        name: _as_sent(value, text=name in texts) for name, value in rules.values(hook, said).items()
    }
    return "", {**found, **{name: Exact(value) for name, value in hook.inputs.items()}}


def _as_sent(value: Json, *, text: bool) -> object:
    """A text is read as one of a form, so that “12” is a number where one is asked for; a number is a text where a
    text is.
    """
    if isinstance(value, str):
        return value
    if text and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return Exact(value)


def _secrets(core: Core, hook: Hook, at: Micros) -> Sequence[str]:
    """Those that count now."""
    both = [hook.secret, *([hook.before] if hook.before and at < hook.before_until else [])]
    return [core.seal.open(sealed) for sealed in both]
