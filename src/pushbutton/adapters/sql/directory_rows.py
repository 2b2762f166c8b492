"""The directory's entries as rows and back, for every store: a kind, a key, and the fields as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from pushbutton.domain.actor import Right, Verb
from pushbutton.domain.hook import Hook, Scheme
from pushbutton.domain.made_channel import MadeChannel
from pushbutton.domain.made_schedule import MadeSchedule
from pushbutton.domain.messages import Wishes
from pushbutton.domain.person import Entry, Invite, Link, Session, Snapshot, Token, User
from pushbutton.domain.policy import Grant
from pushbutton.domain.preset import Preset
from pushbutton.domain.saved_view import SavedView
from pushbutton.domain.schedule import CatchUp, Schedule

_KINDS: dict[str, type[Entry]] = {
    kind.__name__.lower(): kind
    for kind in (User, Grant, Session, Token, Invite, Link, Wishes, Hook, MadeSchedule, Preset, SavedView, MadeChannel)
}


def key_of(entry: Entry) -> tuple[str, str]:
    """(kind, key): unique."""
    kind = type(entry).__name__.lower()
    match entry:
        case User():
            return kind, entry.name
        case Wishes():
            return kind, entry.user
        case Grant():
            return kind, json.dumps([entry.who, entry.gives, entry.where])
        case _:
            return kind, entry.id


def data_of(entry: Entry) -> str:
    return json.dumps(asdict(entry), separators=(",", ":"))


def entry_from(kind: str, data: str) -> Entry:
    """Fields that an older version did not write have their defaults; those of a newer one are left out."""
    made = _KINDS[kind]
    known = {field.name for field in fields(made)}
    values: dict[str, Any] = {name: value for name, value in json.loads(data).items() if name in known}
    for name in ("groups", "recovery", "pins", "tell", "chat", "browser", "follows", "runs"):
        if name in values:
            values[name] = tuple(values[name])
    if "scope" in values:
        values["scope"] = tuple(Right(Verb(right["verb"]), right["where"]) for right in values["scope"])
    if "scheme" in values:
        values["scheme"] = Scheme(values["scheme"])
    if "rule" in values:
        values["rule"] = _rule(values["rule"])
    return made(**values)


def _rule(kept: dict[str, Any]) -> Schedule:
    known = {field.name for field in fields(Schedule)}
    return Schedule(**{**{name: kept[name] for name in kept if name in known}, "catch_up": CatchUp(kept["catch_up"])})


def snapshot(entries: Iterable[Entry]) -> Snapshot:
    """Without a version."""
    made: dict[type[Any], dict[str, Any]] = {kind: {} for kind in _KINDS.values()}
    for entry in entries:
        made[type(entry)][key_of(entry)[1]] = entry
    return Snapshot(
        users=made[User],
        grants=tuple(sorted(made[Grant].values())),
        sessions=made[Session],
        tokens=made[Token],
        invites=made[Invite],
        links=made[Link],
        hooks=made[Hook],
        schedules=made[MadeSchedule],
        presets=made[Preset],
        views=made[SavedView],
        channels=made[MadeChannel],
        wishes=made[Wishes],
    )
