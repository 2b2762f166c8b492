"""The directory's records of people: names, sign-ins, tokens and links. All of it is small.

Secrets (of sessions, tokens, invitations, links) are random and kept as hashes only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .actor import Right
from .event import Json
from .hook import Hook
from .made_channel import MadeChannel
from .made_schedule import MadeSchedule
from .messages import Wishes
from .policy import Grant
from .preset import Preset
from .run import Micros
from .saved_view import SavedView
from .visible import visible

LOCAL_SOURCE = "local"
"""The origin of users with a password here; the others are named by the authority: "oidc", "ldap", "proxy"."""


@dataclass(frozen=True, slots=True)
class User:
    name: str  # see `domain.identity.user_name`
    title: str = ""  # how a page calls them; "": the name
    email: str = ""
    groups: tuple[str, ...] = ()
    source: str = LOCAL_SOURCE
    subject: str = ""  # see `Identity.subject`; "": the next one that signs in under the name
    password: str = field(default="", repr=False)  # hash; "": nobody can sign in with one
    factor: str = field(default="", repr=False)  # the second factor's secret, sealed; "": none
    factor_step: int = 0  # the last time step whose code was taken
    recovery: tuple[str, ...] = field(default=(), repr=False)  # hashes of codes that were not used yet
    disabled: bool = False
    added_at: Micros = 0
    seen_at: Micros = 0  # when they last signed in
    gone_at: Micros = 0  # when the authority was found not to know them any more, or to have locked them
    pins: tuple[str, ...] = ()  # slugs of the tasks that they keep at the top

    @property
    def left(self) -> bool:
        """Whether the authority was found not to know them since their last sign-in."""
        return self.gone_at > max(self.seen_at, self.added_at)

    @property
    def called(self) -> str:
        """As it can be shown beside other words."""
        return visible(self.title or self.name)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in."""

    id: str  # hash of what the browser holds
    user: str
    begun_at: Micros
    until: Micros  # whatever happens
    seen_at: Micros  # to the minute or so
    address: str = ""
    agent: str = ""  # the browser's own name
    pending: bool = False  # the second factor is still asked for


@dataclass(frozen=True, slots=True)
class Token:
    """For programs: what its owner may do, cut down to `scope`."""

    id: str  # hash
    name: str
    user: str
    scope: tuple[Right, ...]
    made_at: Micros
    until: Micros | None = None  # None: until it is revoked
    used_at: Micros | None = None
    hint: str = ""  # its last characters, to tell it from others


@dataclass(frozen=True, slots=True)
class Invite:
    """Lets somebody set a password, once."""

    id: str  # hash
    user: str
    until: Micros
    by: str


@dataclass(frozen=True, slots=True)
class Link:
    """Lets its holder press one task, with some inputs fixed."""

    id: str  # short, public: names the link in runs and in the audit trail
    task: str
    maker: str  # a user: the link can do no more than its maker may now
    inputs: Mapping[str, Json]  # fixed
    until: Micros
    uses: int  # left
    made_at: Micros
    approvers: int = 0  # how many must approve each press, at least
    note: str = ""  # what the maker says that it is for
    revoked: bool = False
    total: int = 0  # uses at the beginning


Entry = User | Grant | Session | Token | Invite | Link | Wishes | Hook | MadeSchedule | Preset | SavedView | MadeChannel


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything, as of `version`, which rises with each change."""

    version: int = 0
    users: Mapping[str, User] = field(default_factory=dict)  # by name
    grants: Sequence[Grant] = ()
    sessions: Mapping[str, Session] = field(default_factory=dict)  # by id, as the rest
    tokens: Mapping[str, Token] = field(default_factory=dict)
    invites: Mapping[str, Invite] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    schedules: Mapping[str, MadeSchedule] = field(default_factory=dict)  # those that people made
    presets: Mapping[str, Preset] = field(default_factory=dict)
    views: Mapping[str, SavedView] = field(default_factory=dict)
    channels: Mapping[str, MadeChannel] = field(default_factory=dict)  # by name: those that people added
    wishes: Mapping[str, Wishes] = field(default_factory=dict)  # by the person's name
