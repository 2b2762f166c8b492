"""The audit trail: what was done, by whom, in a chain in which no record can be changed, left out or put in unseen."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .actor import Actor
from .event import Json, iso

FIRST = "0" * 64
"""The digest before the first record."""


_ENCODER = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


class Deed(StrEnum):
    """Everything that is recorded, as `Act.verb` says it: the kind, a dot, what was done.

    Pages have a sentence for each of them; a record with another verb is shown as it is.
    """

    RUN_PRESS = "run.press"
    RUN_JOIN = "run.join"  # a press that was answered with the run that was there
    RUN_RETRY = "run.retry"  # the next try at a press, once the one before has ended
    RUN_STOP = "run.stop"
    RUN_MOVE = "run.move"  # it starts at another moment than it was pressed for
    SCHEDULE_MAKE = "schedule.make"
    SCHEDULE_CHANGE = "schedule.change"
    SCHEDULE_REMOVE = "schedule.remove"
    SCHEDULE_PAUSE = "schedule.pause"
    SCHEDULE_RESUME = "schedule.resume"
    SCHEDULE_PAUSE_ALL = "schedule.pause-all"
    SCHEDULE_RESUME_ALL = "schedule.resume-all"
    RUN_APPROVE = "run.approve"
    RUN_REJECT = "run.reject"
    RUN_EXPIRE = "run.expire"  # nobody approved it in time
    RUN_RELEASE = "run.release"  # it was set aside in a copy of the data folder, and may start now
    RUN_LOSE = "run.lose"  # its worker gives no sign of life, and nobody waits for it any more
    RUN_COMMENT = "run.comment"
    RUN_ACKNOWLEDGE = "run.acknowledge"  # somebody looks after its failure
    REQUEST_REFUSE = "request.refuse"  # an act without the right to it, or with a credential that does not count
    SESSION_BEGIN = "session.begin"
    SESSION_HALF = "session.half"  # the second factor is still asked for
    SESSION_REFUSE = "session.refuse"
    SESSION_END = "session.end"
    USER_ADD = "user.add"
    USER_CHANGE = "user.change"
    USER_REMOVE = "user.remove"
    USER_ADDRESS = "user.address"  # they confirmed where they are written to
    USER_GONE = "user.gone"  # the authority does not know them any more, or has locked them
    USER_PASSWORD = "user.password"
    USER_FACTOR = "user.factor"
    USER_REFUSE = "user.refuse"  # a wrong password or code where somebody changes their own account
    USER_RECOVERY = "user.recovery"  # a recovery code in place of the second factor
    GRANT_GIVE = "grant.give"
    GRANT_TAKE = "grant.take"
    TOKEN_MAKE = "token.make"
    TOKEN_REVOKE = "token.revoke"
    LINK_MAKE = "link.make"
    LINK_REVOKE = "link.revoke"
    LINK_USE = "link.use"
    HOOK_MAKE = "hook.make"
    HOOK_SECRET = "hook.secret"  # it has a new one; the one before counts for a while
    HOOK_PAUSE = "hook.pause"
    HOOK_RESUME = "hook.resume"
    HOOK_REMOVE = "hook.remove"
    HOOK_AGAIN = "hook.again"  # a call that had come was read once more
    PRESET_KEEP = "preset.keep"
    PRESET_REMOVE = "preset.remove"
    INVITE_MAKE = "invite.make"
    INVITE_USE = "invite.use"
    CHANNEL_ADD = "channel.add"
    CHANNEL_REMOVE = "channel.remove"
    CHANNEL_TEST = "channel.test"
    SECRET_SET = "secret.set"
    SECRET_REMOVE = "secret.remove"
    SECRET_ROTATE = "secret.rotate"  # all of them are kept under a new key
    TASK_ADDED = "task.added"
    TASK_CHANGED = "task.changed"
    TASK_BROKEN = "task.broken"
    TASK_REMOVED = "task.removed"
    TASK_PAUSE = "task.pause"
    TASK_RESUME = "task.resume"
    SERVER_PAUSE = "server.pause"  # nothing starts
    SERVER_RESUME = "server.resume"
    BUNDLE_PUBLISH = "bundle.publish"  # from then on its tasks are those of all nodes
    SERVER_STARTED = "server.started"
    SERVER_STOPPED = "server.stopped"
    SERVER_COPIED = "server.copied"  # the data folder turned out to be a copy; what was under way is set aside
    WORKER_DRAIN = "worker.drain"  # it takes nothing new
    WORKER_RESUME = "worker.resume"  # and again what comes
    AUDIT_EXPORT = "audit.export"
    AUDIT_CHECK = "audit.check"
    AUDIT_REDACT = "audit.redact"  # a secret was taken out of earlier records, see `redaction`
    AUDIT_BROKEN = "audit.broken"  # somebody cut, or put in, the trail's end; noticed by the next record


SERVER = "server"
"""The actor where no person acted."""


@dataclass(frozen=True, slots=True)
class Act:
    """`verb` is what was done (a `Deed`), `about` to what ("run 42", "user ada")."""

    actor: str
    verb: str
    about: str
    at: int  # microseconds since the epoch
    data: Mapping[str, Json] = field(default_factory=dict)
    address: str = ""  # from where; "" for what did not come over the network


@dataclass(frozen=True, slots=True)
class Record:
    id: int  # 1, 2, 3, …: none is left out
    act: Act
    hash: str  # of itself and everything before it; "" for one that cannot be read as it was written


@dataclass(frozen=True, slots=True)
class Head:
    """The number of records and the hash of the last one, kept apart from the records."""

    id: int = 0
    hash: str = FIRST
    seal: str = ""  # shows that its writer had the key; "" while nothing is recorded

    @property
    def note(self) -> str:
        """To be kept elsewhere: "1204:9f3c…"."""
        return f"{self.id}:{self.hash}"


def act(actor: Actor, verb: str, about: str, at: int, **data: Json) -> Act:
    return Act(actor.name, verb, about, at, data, actor.address)


def chained(key: bytes, before: str, number: int, done: Act) -> str:
    """The hash of a record behind the one whose hash is `before`: HMAC-SHA256, hexadecimal.

    Without the key nobody can make a chain of their own that looks right.
    """
    said = [before, number, done.at, done.actor, done.verb, done.about, done.address, done.data]
    return hmac.digest(key, _ENCODER.encode(said).encode(), "sha256").hex()


def sealed(key: bytes, number: int, digest: str) -> Head:
    """The head behind a record. An attacker who cuts the end has no seal for the new last record."""
    return Head(number, digest, hmac.digest(key, f"head:{number}:{digest}".encode(), "sha256").hex())


def to_json(record: Record) -> dict[str, Json]:
    """The shape that exports and the JSON API show."""
    done = record.act
    return {
        "id": record.id,
        "at": iso(done.at),
        "actor": done.actor,
        "verb": done.verb,
        "about": done.about,
        "address": done.address,
        "data": dict(done.data),
        "hash": record.hash,
    }


def line(record: Record) -> str:
    """JSON on one line of printable ASCII, whatever the record holds: nobody can forge a second one."""
    return json.dumps(to_json(record)).replace("\x7f", "\\u007f")
