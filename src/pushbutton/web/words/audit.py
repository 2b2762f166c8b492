"""The audit trail's records in words: one sentence for each `Deed`, and what a page shows of the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType
from typing import Final

from pushbutton.domain.audit import SERVER, Act, Deed, Record
from pushbutton.domain.policy import EVERYONE
from pushbutton.domain.visible import visible
from pushbutton.sentence import BESIDE, recalled

from . import formatting, rights
from .i18n import Texts, mark
from .people import UNKNOWN, Names

NONE: Final[Mapping[str, str]] = MappingProxyType({})
SENTENCES: Final[Mapping[str, str]] = {
    Deed.RUN_PRESS: mark("{who} pressed “{task}” ({run})"),
    Deed.RUN_JOIN: mark("{who} pressed “{task}” and was led to {run}"),
    Deed.RUN_RETRY: mark("“{task}” is tried again ({run})"),
    Deed.RUN_STOP: mark("{who} stopped “{task}” ({run})"),
    Deed.RUN_MOVE: mark("{who} moved “{task}” ({run}) to another moment"),
    Deed.SCHEDULE_MAKE: mark("{who} made a schedule of “{task}”"),
    Deed.SCHEDULE_CHANGE: mark("{who} changed a schedule of “{task}”"),
    Deed.SCHEDULE_REMOVE: mark("{who} removed a schedule of “{task}”"),
    Deed.SCHEDULE_PAUSE: mark("{who} paused a schedule of “{task}”"),
    Deed.SCHEDULE_RESUME: mark("{who} ended the pause of a schedule of “{task}”"),
    Deed.SCHEDULE_PAUSE_ALL: mark("{who} paused all schedules"),
    Deed.SCHEDULE_RESUME_ALL: mark("{who} ended the pause of all schedules"),
    Deed.RUN_APPROVE: mark("{who} approved “{task}” ({run})"),
    Deed.RUN_REJECT: mark("{who} rejected “{task}” ({run})"),
    Deed.RUN_EXPIRE: mark("Nobody approved “{task}” in time ({run})"),
    Deed.RUN_RELEASE: mark("{who} released “{task}” ({run}), which came with a copy of the data folder"),
    Deed.RUN_LOSE: mark("{who} declared “{task}” lost ({run}): its worker gave no sign of life"),
    Deed.RUN_COMMENT: mark("{who} commented on “{task}” ({run})"),
    Deed.RUN_ACKNOWLEDGE: mark("{who} took on the failure of “{task}” ({run})"),
    Deed.WORKER_DRAIN: mark("{who} had the worker “{name}” take nothing new"),
    Deed.WORKER_RESUME: mark("{who} had the worker “{name}” take again what comes"),
    Deed.REQUEST_REFUSE: mark("{who} tried what was refused: {tried}, {name}"),
    Deed.SESSION_BEGIN: mark("{who} signed in"),
    Deed.SESSION_HALF: mark("{who} began to sign in; the code is still asked for"),
    Deed.SESSION_REFUSE: mark("A sign-in as “{name}” was refused"),
    Deed.SESSION_END: mark("{who} ended a session of “{name}”"),
    Deed.USER_ADD: mark("{who} added “{name}”"),
    Deed.USER_CHANGE: mark("{who} changed what is known of “{name}”"),
    Deed.USER_REMOVE: mark("{who} removed “{name}”"),
    Deed.USER_GONE: mark("“{name}” is gone or locked in the directory, so nothing of theirs counts any more"),
    Deed.USER_PASSWORD: mark("{who} set a new password for “{name}”"),
    Deed.USER_ADDRESS: mark("{who} confirmed an address for messages"),
    Deed.USER_FACTOR: mark("{who} changed the second factor of “{name}”"),
    Deed.USER_REFUSE: mark("{who} gave a wrong password or code for the own account"),
    Deed.USER_RECOVERY: mark("{who} used a recovery code"),
    Deed.GRANT_GIVE: mark("{who} gave {whom} a right: {right}"),
    Deed.GRANT_TAKE: mark("{who} took a right from {whom}: {right}"),
    Deed.TOKEN_MAKE: mark("{who} made the token “{name}”"),
    Deed.TOKEN_REVOKE: mark("{who} revoked the token “{name}”"),
    Deed.LINK_MAKE: mark("{who} made the link “{name}”"),
    Deed.LINK_REVOKE: mark("{who} revoked the link “{name}”"),
    Deed.LINK_USE: mark("{who} used the link “{name}”"),
    Deed.HOOK_MAKE: mark("{who} made the hook “{name}”"),
    Deed.HOOK_SECRET: mark("{who} gave the hook “{name}” a new secret"),
    Deed.HOOK_PAUSE: mark("{who} paused the hook “{name}”"),
    Deed.HOOK_RESUME: mark("{who} let the hook “{name}” listen again"),
    Deed.HOOK_REMOVE: mark("{who} removed the hook “{name}”"),
    Deed.HOOK_AGAIN: mark("{who} had a call of the hook “{name}” read once more"),
    Deed.PRESET_KEEP: mark("{who} kept the preset “{task}”"),
    Deed.PRESET_REMOVE: mark("{who} removed the preset “{task}”"),
    Deed.INVITE_MAKE: mark("{who} invited “{name}”"),
    Deed.INVITE_USE: mark("“{name}” accepted the invitation"),
    Deed.CHANNEL_ADD: mark("{who} added the channel {name}"),
    Deed.CHANNEL_REMOVE: mark("{who} removed the channel {name}"),
    Deed.CHANNEL_TEST: mark("{who} sent a test through the channel {name}"),
    Deed.SECRET_SET: mark("{who} set the secret “{name}”"),
    Deed.SECRET_REMOVE: mark("{who} removed the secret “{name}”"),
    Deed.SECRET_ROTATE: mark("{who} made a new key for the stored secrets"),
    Deed.TASK_ADDED: mark("The task “{name}” was added"),
    Deed.TASK_CHANGED: mark("The task “{name}” was changed"),
    Deed.TASK_BROKEN: mark("The task “{name}” is broken"),
    Deed.TASK_REMOVED: mark("The task “{name}” was removed"),
    Deed.TASK_PAUSE: mark("{who} paused “{task}”"),
    Deed.TASK_RESUME: mark("{who} ended the pause of “{task}”"),
    Deed.SERVER_PAUSE: mark("{who} paused everything"),
    Deed.SERVER_RESUME: mark("{who} ended the pause of everything"),
    Deed.BUNDLE_PUBLISH: mark("{who} published the tasks"),
    Deed.SERVER_STARTED: mark("Pushbutton was started"),
    Deed.SERVER_STOPPED: mark("Pushbutton was stopped"),
    Deed.SERVER_COPIED: mark("The data folder turned out to be a copy; what was under way in it is set aside"),
    Deed.AUDIT_EXPORT: mark("{who} exported records"),
    Deed.AUDIT_CHECK: mark("{who} checked the chain: {said}"),
    Deed.AUDIT_REDACT: mark("{who} took something secret out of earlier records"),
    Deed.AUDIT_BROKEN: mark("The end of the trail was not as it had been left"),
}
_OWN: Final[Mapping[str, str]] = {
    Deed.SESSION_END: mark("{who} signed out"),
    Deed.USER_PASSWORD: mark("{who} set a new password"),
    Deed.USER_FACTOR: mark("{who} changed the own second factor"),
}
"""Said of those who did it to themselves."""

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "run": ("press", mark("Runs")),
    "schedule": ("clock", mark("Schedules")),
    "channel": ("bell", mark("Channels")),
    "worker": ("sliders", mark("Workers")),
    "session": ("key", mark("Signing in")),
    "request": ("lock", mark("Refused requests")),
    "user": ("eye", mark("People")),
    "grant": ("sliders", mark("Rights")),
    "token": ("key", mark("Tokens")),
    "link": ("link", mark("Links")),
    "hook": ("link", mark("Hooks")),
    "preset": ("star", mark("Presets")),
    "invite": ("inbox", mark("Invitations")),
    "secret": ("lock", mark("Secrets")),
    "task": ("fix", mark("Tasks")),
    "bundle": ("file", mark("Published tasks")),
    "server": ("term", mark("Server")),
    "audit": ("file", mark("Audit trail")),
}
"""An icon and a word by the first part of the verb."""

_BAD: Final = frozenset(
    {Deed.REQUEST_REFUSE, Deed.SESSION_REFUSE, Deed.USER_REFUSE, Deed.TASK_BROKEN, Deed.AUDIT_BROKEN}
)
_MORE: Final = mark("{who} tried what was refused: {tried}, {name}, and {more} more within this minute")
"""Of what was counted only."""
FEW: Final = 4
"""Records that are so much alike are shown as one from so many on."""
_LOOK: Final = 60_000_000  # microseconds: what is recorded within one is found at one look
_ALIKE: Final[Mapping[str, tuple[str, str]]] = {
    Deed.TASK_ADDED: (mark("1 task was added"), mark("{n} tasks were added")),
    Deed.TASK_REMOVED: (mark("1 task was removed"), mark("{n} tasks were removed")),
}
_SHOWN_ELSEWHERE: Final = frozenset({"diff", "text", BESIDE})


@dataclass(frozen=True, slots=True)
class Row:
    """One record as the page shows it. Nothing in it can pretend to be something else: see `domain.visible`."""

    id: int
    at: int
    icon: str
    kind: str
    bad: bool
    said: str
    who: str
    actor: str
    verb: str
    about: str
    address: str
    run: int  # that it is about; 0: none
    facts: tuple[tuple[str, str], ...]
    diff: tuple[tuple[str, str], ...]  # ("del" | "ins" | "", line)
    text: str  # a whole declaration, where there is no diff
    hash: str
    folded: tuple[Row, ...] = ()  # what it stands for, where it stands for several


def folded(rows: Sequence[Row], t: Texts) -> Sequence[Row]:
    """The same, newest first; what the server found at one look, such as all tasks at its first start, as one."""
    made: list[Row] = []
    for _, group in groupby(rows, lambda row: (row.verb, row.actor, row.at // _LOOK)):
        alike = tuple(group)
        one, many = _ALIKE.get(alike[0].verb, ("", ""))
        if len(alike) >= FEW and one and alike[0].actor == SERVER:
            made.append(replace(alike[0], said=t.n(one, many, len(alike)), folded=alike))
        else:
            made += alike
    return made


def row(record: Record, t: Texts, names: Names = UNKNOWN, titles: Mapping[str, str] = NONE) -> Row:
    """`titles`: of the tasks that there are now."""
    done = record.act
    kind = done.verb.partition(".")[0]
    icon, word = KINDS.get(kind, ("info", ""))
    diff = done.data.get("diff")
    text = done.data.get("text")
    return Row(
        id=record.id, at=done.at, icon=icon, kind=t(word) if word else visible(kind),
        bad=done.verb in _BAD or (done.verb == Deed.AUDIT_CHECK and done.data.get("well") is not True),
        said=sentence(done, t, names, titles), who=who(done.actor, t, names), actor=visible(done.actor),
        verb=visible(done.verb), about=visible(done.about), address=visible(done.address), run=run_of(done),
        facts=tuple((visible(name), _value(done.data[name])) for name in done.data if name not in _SHOWN_ELSEWHERE),
        diff=tuple(diff_lines(diff)) if isinstance(diff, str) else (),
        text="\n".join(visible(line) for line in text.split("\n")) if isinstance(text, str) and not diff else "",
        hash=visible(record.hash),
    )  # fmt: skip


def sentence(done: Act, t: Texts, names: Names = UNKNOWN, titles: Mapping[str, str] = NONE) -> str:
    """The sentence for a deed. A verb that nobody wrote a sentence for is shown as it is."""
    name = done.about.partition(" ")[2] or done.about
    own = done.verb in _OWN and done.actor.rpartition("/")[2] == name
    source = _OWN[done.verb] if own else SENTENCES.get(done.verb, "")
    if done.verb == Deed.REQUEST_REFUSE and "more" in done.data:
        source = _MORE
    by = who(done.actor, t, names)
    if not source:
        return t("{who}: {verb}, {about}", who=by, verb=visible(done.verb), about=visible(done.about))
    values = {
        "who": by,
        "name": visible(_called(done.about, name, names, titles)),
        "whom": _whom(done.about, t, names),
        "right": rights.given(str(done.data.get("gives")), str(done.data.get("where")), titles, t),
        "task": visible(str(done.data.get("title") or titles.get(name) or done.data.get("task") or "?")),
        "run": t("run {number}", number=visible(name)),
        "more": visible(str(done.data.get("more", ""))),
        "tried": visible(str(done.data.get("tried", ""))),
        "said": visible(t.sentence(str(recalled(done.data).get("said", "")))),
    }
    return t(source, **values)


def _called(about: str, name: str, names: Names, titles: Mapping[str, str]) -> str:
    """Its name for people: somebody's full name, a task's title; one that has gone keeps its own."""
    match about.partition(" ")[0]:
        case "user":
            return names.called(name)
        case "task":
            return titles.get(name, name)
    return name


def _whom(about: str, t: Texts, names: Names) -> str:
    """To whom a grant was given."""
    kind, _, name = about.partition(" ")
    if kind == EVERYONE:
        return t("everybody who is signed in")
    return t("the group “{name}”", name=visible(name)) if kind == "group" else f"“{visible(names.called(name))}”"


def who(actor: str, t: Texts, names: Names = UNKNOWN) -> str:
    if not actor:
        return t("Somebody unknown")
    return t("Pushbutton itself") if actor == SERVER else visible(formatting.who(actor, t, names))


def run_of(done: Act) -> int:
    kind, _, number = done.about.partition(" ")
    return int(number) if kind == "run" and re.fullmatch("[1-9][0-9]{0,14}", number, re.ASCII) else 0


def _value(value: object) -> str:
    return visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def diff_lines(diff: str) -> Iterable[tuple[str, str]]:
    """Of what `task_text.diff` made: ("del" | "ins" | "", line)."""
    for line in diff.split("\n"):
        yield {"-": "del", "+": "ins"}.get(line[:1], ""), line[:1] + visible(line[1:])
