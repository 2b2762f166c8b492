"""Every exception of Pushbutton, in one place.

    PushbuttonError
    ├── NotFound ─────────── NoSuchTask · NoSuchRun · NoSuchSchedule · NoSuchChannel · NoSuchArtifact · NoSuchUser ·
    │                        NoSuchTable · InviteGone · AddressLinkGone · NoSuchSecret · NoSuchToken · NoSuchLink ·
    │                        NoSuchBundle · NoSuchNode · NoSuchHook · NoSuchPreset
    ├── BadInput ─────────── InvalidInputs · BadCursor · BadRange · NothingOffered
    ├── Refused ──────────── (the policy said no; carries the reason that the page shows)
    ├── Conflict ─────────── TaskBroken · TaskPaused · KeyReused · NotRunning · NotHeld · NotAside · CannotMove ·
    │                        LinkClosed · WorkerAnswers · NotFailed · CannotApprove (NotAsApproved)
    ├── ConfigError ──────── (names file, line, column)
    ├── StoreError ───────── StoreInUse · StoreDamaged · StoreTooNew · StorageFull · StoreBusy ·
    │                        StoreAway · UploadsFull · SecretsLocked · NameTaken
    ├── SecretUnavailable ── (a named secret has no value where it should come from)
    ├── NotHeard ─────────── (a run's supervisor takes no reports now)
    ├── SignInFailed ─────── TooManySignIns · SlowDown
    ├── TooOften ─────────── (a task was pressed as often as it may be for now)
    ├── StillReading ─────── (the tasks are being read; in a moment it is known whether there is such a task)
    ├── Undelivered ──────── (a message that another system did not take; never leaves the services)
    ├── NoAnswer ─────────── (a folder or a name of a machine that the system says nothing of)
    └── Fenced ───────────── (a write of an epoch that is over; never leaves the runtime)

A message is one sentence that names the thing and says what to do: a `Sentence`, which pages say in their reader's
language, wherever one can come to a page. What only a start or a command line says is plain English. The web maps the
second level to HTTP statuses in one table (`web/http/errors.py`), the command line to exit codes in one
(`cli/exits.py`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

from .sentence import say


class PushbuttonError(Exception):
    """The root: everything that Pushbutton raises on purpose."""


class NotFound(PushbuttonError):
    """It does not exist, or may not be seen."""


class NoSuchTask(NotFound):
    def __init__(self, slug: str, nearest: str | None = None) -> None:
        super().__init__(
            say("There is no task named “{slug}”. Did you mean “{nearest}”?", slug=slug, nearest=nearest)
            if nearest
            else say("There is no task named “{slug}”.", slug=slug)
        )
        self.slug = slug


class StillReading(PushbuttonError):
    """`silent`: it may be a task of a folder that does not answer."""

    def __init__(self, slug: str, *, silent: bool = False) -> None:
        super().__init__(
            say("There is no task named “{slug}” now: a folder with tasks does not answer. Try again later.", slug=slug)
            if silent
            else say(
                "There is no task named “{slug}” yet: the tasks are still being read. Try again in a moment.", slug=slug
            )
        )
        self.slug, self.silent = slug, silent


class NoSuchRun(NotFound):
    def __init__(self, number: int | str) -> None:
        super().__init__(
            say("There is no run {number}. It may have been removed, or the link may be cut off.", number=number)
        )
        self.number = number


class NoSuchSchedule(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(say("There is no schedule “{name}”.", name=name[:200]))


class NoSuchChannel(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(say("There is no channel “{name}”.", name=name[:60]))


class NoSuchArtifact(NotFound):
    def __init__(self, run: int, name: str) -> None:
        super().__init__(say("Run {run} has no file named “{name}”.", run=run, name=name))


class NoSuchTable(NotFound):
    def __init__(self, run: int, number: int) -> None:
        super().__init__(say("Result {number} of run {run} is no table.", number=number, run=run))


class NoSuchToken(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(say("You have no token “{name}”.", name=name[:60]))


class NoSuchLink(NotFound):
    def __init__(self) -> None:
        super().__init__(
            say("There is no such link. It may be cut off: ask whoever sent it to you for the whole of it.")
        )


class NoSuchBundle(NotFound):
    def __init__(self, digest: str) -> None:
        super().__init__(say("The published tasks {digest} are not in the store (any more).", digest=digest[:12]))


class NoSuchHook(NotFound):
    def __init__(self) -> None:
        super().__init__(say("There is no such hook: it may have been removed, or its address may be cut off."))


class NoSuchPreset(NotFound):
    def __init__(self) -> None:
        super().__init__(say("There is no such preset (any more): fill the form in yourself."))


class NoSuchUser(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(say("There is no user named “{name}”.", name=name))
        self.name = name


class InviteGone(NotFound):
    def __init__(self) -> None:
        super().__init__(say("This invitation was used already or has expired; ask for a new one."))


class NoSuchNode(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(say("There is no worker named “{name}”.", name=name))


class AddressLinkGone(NotFound):
    def __init__(self) -> None:
        super().__init__(say("This link is too old, or not whole. Ask for a new letter in your account."))


class NoSuchSecret(NotFound):
    def __init__(self, name: str) -> None:
        super().__init__(
            say(
                "There is no secret named “{name}”: declare it under “secrets” in pushbutton.yaml, or keep it with: "
                "pushbutton secret set {name}",
                name=name,
            )
        )
        self.name = name


class BadInput(PushbuttonError):
    """The request itself is wrong; nothing was started or changed."""


def by_field(wrong: Mapping[str, str]) -> str:
    """What is wrong with each input, in one line. Shapes as in `InvalidInputs.fields`."""
    return "; ".join(f"{name}: {text}" if name else text for name, text in wrong.items())


class InvalidInputs(BadInput):
    """One sentence per param, all found at once.

    `fields` maps a param's name to its sentence; the key "" is about the whole form.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        names = ", ".join(f"“{name}”" for name in fields if name)
        super().__init__(
            say("Nothing was started: look at {names}.", names=names)
            if names
            else say("Nothing was started: {why}", why=fields[""])
        )
        self.fields = dict(fields)

    @property
    def by_field(self) -> str:
        """All of it in one line."""
        return by_field(self.fields)


class BadCursor(BadInput):
    def __init__(self, value: str) -> None:
        super().__init__(
            say("“{value}” is not a position in this stream; leave it out to read from the start.", value=value[:40])
        )


class BadRange(BadInput):
    """A byte or line range that lies outside of what there is."""


class NothingOffered(BadInput):
    """The choices of a param, which a program tells, cannot be told; the message is the reason."""


class Refused(PushbuttonError):
    """The policy does not allow it; the message is the reason."""


class Conflict(PushbuttonError):
    """It cannot be done in the state that things are in."""


class TaskPaused(Conflict):
    def __init__(self, title: str, until: str, reason: str) -> None:
        """`until`: "" for no end; `reason` may be ""."""
        paused = (
            say("“{title}” is paused until {moment}, so nothing was started.", title=title, moment=until)
            if until
            else say("“{title}” is paused, so nothing was started.", title=title)
        )
        super().__init__(say("{sentence} The reason: {reason}", sentence=paused, reason=reason) if reason else paused)


class TaskBroken(Conflict):
    def __init__(self, slug: str, reason: str) -> None:
        """`reason`: a line for each mistake; "": it is nobody's business here."""
        lines = reason.splitlines()
        why = f" {reason}" if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
        super().__init__(
            say("“{slug}” cannot be pressed, because its file is broken:{reason}", slug=slug, reason=why)
            if lines
            else say("“{slug}” cannot be pressed, because its file is broken.", slug=slug)
        )

    @classmethod
    def told(cls, sentence: str) -> Self:
        """As a server said it."""
        error = cls.__new__(cls)
        PushbuttonError.__init__(error, sentence)
        return error


class KeyReused(Conflict):
    def __init__(self, key: str) -> None:
        super().__init__(
            say("The key “{key}” was already used for a press with other inputs; use a new one.", key=key[:60])
        )


STATES = {
    str(word): word
    for word in (
        say("held"),
        say("waiting"),
        say("running"),
        say("asking"),
        say("succeeded"),
        say("failed"),
        say("cancelled"),
        say("lost"),
        say("skipped"),
    )
}
"""States of a run, as the end of a sentence."""


class NotFailed(Conflict):
    def __init__(self, number: int) -> None:
        super().__init__(say("Run {number} has not failed, so there is nothing to look after.", number=number))


class NotRunning(Conflict):
    def __init__(self, number: int, state: str) -> None:
        super().__init__(
            say("Run {number} is not running any more: it is {state}.", number=number, state=STATES.get(state, state))
        )


class CannotMove(Conflict):
    """A run cannot start at another moment; the message says why."""


class NotHeld(Conflict):
    def __init__(self, number: int, state: str) -> None:
        super().__init__(
            say(
                "Run {number} does not wait for an approval any more: it is {state}.",
                number=number,
                state=STATES.get(state, state),
            )
        )


class NotAside(Conflict):
    def __init__(self, number: int) -> None:
        super().__init__(say("Run {number} is not set aside (any more): there is nothing to release.", number=number))


class CannotApprove(Conflict):
    """The task is not as it was pressed or seen; the message says why. Nothing was started."""


class NotAsApproved(CannotApprove):
    """The task is not as it was approved; approved once more, it may start."""


class WorkerAnswers(Conflict):
    def __init__(self, number: int, worker: str) -> None:
        super().__init__(
            say("Run {number} is not lost: its worker {worker} answers. Stop it instead.", number=number, worker=worker)
        )


class LinkClosed(Conflict):
    """A hand-over link cannot be used (any more); the message is the reason."""


class ConfigError(PushbuttonError):
    """A task's file is wrong. `str()` is "file:line:column: sentence"; line and column count from 1."""

    def __init__(self, sentence: str, *, file: str, line: int = 1, column: int | None = None) -> None:
        place = f"{file}:{line}" + (f":{column}" if column else "")
        super().__init__(f"{place}: {sentence}")
        self.sentence, self.file, self.line, self.column = sentence, file, line, column


class StoreError(PushbuttonError):
    """The store cannot do what was asked."""


class NameTaken(StoreError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"The name {name} is that of a node with another data folder, which has runs that are not over. Start this "
            "one with that folder (--data), or give it another name with --name."
        )


class StoreInUse(StoreError):
    def __init__(self, path: str, holder: str, instead: str = "give this one another folder with --data") -> None:
        super().__init__(f"{path} is in use by {holder}. Stop that server first, or {instead}.")


class StoreDamaged(StoreError):
    """The file is no database, is damaged, or cannot be written; it was left untouched."""


class StoreTooNew(StoreError):
    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer Pushbutton (schema {found}, known up to {known}). Upgrade this one."
        )


class StorageFull(StoreError):
    def __init__(self) -> None:
        super().__init__(say("The disk is full, so nothing was recorded. Make room and try again."))


class UploadsFull(StoreError):
    """`most`: what files may take together that nobody has pressed with yet."""

    def __init__(self, most: str) -> None:
        super().__init__(
            say(
                "There is no room for more files now: those that were brought and not pressed yet "
                "may be {most} together. Press with them, or try again in a day, when they are gone.",
                most=most,
            )
        )


class StoreBusy(StoreError):
    def __init__(self) -> None:
        super().__init__(say("Another program holds the database; nothing was recorded. Try again in a moment."))


class StoreAway(StoreBusy):
    """A database that is elsewhere does not answer; nothing of what was asked is in it."""

    def __init__(self, name: str, why: str) -> None:
        StoreError.__init__(
            self,
            say(
                "The database {name} does not answer ({why}); nothing was recorded. Try again in a moment.",
                name=name,
                why=why,
            ),
        )


class NotHeard(PushbuttonError):
    def __init__(self, run: int) -> None:
        super().__init__(say("Run {run} does not take reports at the moment. Send it again in a few seconds.", run=run))


class SignInFailed(PushbuttonError):
    """It could not be found out who somebody is.

    The message is for the person; `reason` is for the log only: it may name addresses and what others answered, but
    never a secret, a password, a code or a token.
    """

    def __init__(self, sentence: str, *, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason or sentence


class TooManySignIns(SignInFailed):
    def __init__(self) -> None:
        super().__init__(say("Too many people sign in at this moment; try again in a few seconds."))


class SlowDown(SignInFailed):
    """`seconds` until the next try is heard."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(1, math.ceil(seconds))
        super().__init__(say("Too many wrong tries from here; try again in {seconds} seconds.", seconds=self.seconds))


class TooOften(PushbuttonError):
    """A task was pressed as often as it may be. `until`: from when another press goes, microseconds since the epoch."""

    def __init__(self, until: int, wait: int) -> None:
        self.until, self.seconds = until, max(1, math.ceil(wait / 1_000_000))
        moment = f"{datetime.fromtimestamp(math.ceil(until / 1_000_000), UTC):%Y-%m-%d %H:%M:%S} UTC"
        super().__init__(
            say("This was pressed as often as it may be for now. It goes again from {moment}.", moment=moment)
        )


class SecretsLocked(StoreError):
    """The stored secrets, or their key, cannot be read or written; the message says which file and why."""


class SecretUnavailable(PushbuttonError):
    """A named secret has no usable value where it should come from. The message holds nothing of a value."""

    def __init__(self, name: str, origin: object, why: str) -> None:
        super().__init__(
            say("The secret “{name}” cannot be had from {origin}: {why}.", name=name, origin=str(origin), why=why)
        )
        self.name = name


class NoAnswer(PushbuttonError):
    """A place (a folder, a machine's name) that the system says nothing of."""

    SENTENCE = "It does not answer: the disk or network drive that it lies on hangs."

    def __init__(self, place: str) -> None:
        super().__init__(
            say("“{place}” does not answer: the disk or network drive that it lies on hangs.", place=place)
        )
        self.place = place


class Fenced(PushbuttonError):
    """A write came too late: the run has moved on to another epoch or state. Nothing was written."""


class Undelivered(PushbuttonError):
    """Another system did not take a message. `final`: it would not later, either."""

    def __init__(self, target: str, why: str, *, final: bool = False) -> None:
        super().__init__(f"{target} was not told: {why}.")
        self.final = final
