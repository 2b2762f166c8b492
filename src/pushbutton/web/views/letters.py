"""Messages as letters: a text, and a small HTML page that looks like ours."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pushbutton.domain.messages import Message, Occasion
from pushbutton.domain.person import Snapshot
from pushbutton.domain.run import RunState
from pushbutton.domain.usual import lasted
from pushbutton.domain.visible import visible
from pushbutton.runtime.ports.messages import Letter, Told
from pushbutton.web.words import formatting
from pushbutton.web.words.i18n import Texts, mark, texts
from pushbutton.web.words.people import Names

from . import forms
from .render import page

_LONGEST = 120
"""Characters of a subject."""
_SHOWN = 50
"""Messages that a digest names; of the others it says how many they are."""

_SAID = {
    Occasion.TEST: (mark("A test"), "running"),
    Occasion.ASKS: (mark("Needs an approval"), "attention"),
    Occasion.RECOVERED: (mark("Works again"), "succeeded"),
    Occasion.LATE: (mark("Late"), "attention"),
    Occasion.LONGER: (mark("Takes longer than usual"), "attention"),
}
_ENDED = {
    RunState.SUCCEEDED: (mark("Succeeded"), "succeeded"),
    RunState.FAILED: (mark("Failed"), "failed"),
    RunState.CANCELLED: (mark("Stopped"), "cancelled"),
    RunState.LOST: (mark("Nobody knows how it ended"), "failed"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One message in words."""

    said: str  # what happened
    state: str  # the colour
    title: str
    facts: Sequence[tuple[str, str]]
    more: str  # what a failure means, in the author's words
    output: Sequence[str]
    link: str
    at: str


class Letters:
    """`url` makes the whole address of a path; "" where nobody knows it."""

    def __init__(self, url: Callable[[str], str], people: Callable[[], Snapshot]) -> None:
        self._url, self._people = url, people

    def letter(self, told: Told, language: str, zone: str) -> Letter:
        t = texts(language)
        item = self._item(told, t, zone)
        subject = f"{item.said}: {item.title}" if item.title else item.said
        if told.run:
            subject = f"{subject} ({told.run.id})"
        thread = f"pushbutton-run-{told.first}" if told.first else ""
        return self._made(subject, [item], t, _key(told.message), thread)

    def digest(self, told: Sequence[Told], language: str, zone: str) -> Letter:
        t = texts(language)
        items = [self._item(one, t, zone) for one in told[:_SHOWN]]
        bad = sum(one.message.occasion is Occasion.FAILED for one in told)
        subject = t.n("1 message", "{n} messages", len(told))
        if bad:
            subject += f", {t('{n} of them about failures', n=t.number(bad))}"
        return self._made(subject, items, t, _key(told[-1].message), "", more=len(told) - len(items))

    def confirmation(self, address: str, url: str, language: str) -> Letter:
        t = texts(language)
        item = Item(
            t("Is this your address?"), "running", "",
            [(t("Address"), address)],
            t("Open the page and press the button there, and Pushbutton writes to you here. If you did not ask for it, "
              "do nothing."),
            (), url, "",
        )  # fmt: skip
        key = hashlib.sha256(url.encode()).hexdigest()[:24]
        return self._made(item.said, [item], t, f"pushbutton-confirm-{key}", "")

    def _item(self, told: Told, t: Texts, zone: str) -> Item:
        message, run = told.message, told.run
        if run and message.occasion in (Occasion.OVER, Occasion.FAILED):
            word, state = _ENDED.get(run.state, (mark("Over"), "cancelled"))
        else:
            word, state = _SAID.get(message.occasion, (mark("Over"), "cancelled"))
        said = t(word)
        if message.times > 1 and message.occasion is Occasion.FAILED:
            said = t("{said}, {n} times in a row", said=said, n=message.times)
        task = told.task
        path = f"/runs/{run.id}" if run else f"/tasks/{message.task}" if message.task else "/profile"
        bad = message.occasion is Occasion.FAILED
        return Item(
            said, state, visible(run.title if run else task.title if task else message.task),
            self._facts(told, t, zone),
            visible(task.on_failure) if bad and task and task.on_failure else "",
            [visible(line) for line in told.output],
            self._url(path), formatting.exact(message.at, t, formatting.zone(zone)) if message.at else "",
        )  # fmt: skip

    def _facts(self, told: Told, t: Texts, zone: str) -> Sequence[tuple[str, str]]:
        run, message = told.run, told.message
        found: list[tuple[str, str]] = []
        if message.why:
            found.append((t("What it says"), visible(t.sentence(message.why))))
        if run is None:
            return found
        names, where = Names.of(self._people()), formatting.zone(zone)
        found.append((t("Pressed by"), formatting.who(run.actor, t, names)))
        if run.why:
            found.append((t("Why"), visible(run.why[:300])))
        found += [(visible(label), visible(value[:300])) for label, value in forms.facts(told.task, run.inputs, t)]
        if run.state.over and run.reason:
            found.append((t("How it ended"), visible(t.sentence(run.reason))))
        seconds = lasted(run)
        if run.state.over and seconds is not None:
            found.append((t("It took"), formatting.took(seconds, t)))
        if run.hold and run.state is RunState.HELD:
            found.append((t("Until"), formatting.exact(run.hold.until, t, where)))
        if told.first and told.first != run.id:
            found.append((t("Try"), t("{n}, of run {number}", n=run.cause.attempt, number=told.first)))
        return found

    def _made(self, subject: str, items: Sequence[Item], t: Texts, key: str, thread: str, more: int = 0) -> Letter:
        subject = " ".join(subject.split())
        subject = subject if len(subject) <= _LONGEST else subject[: _LONGEST - 1] + "…"
        rest = t.n("And 1 more.", "And {n} more.", more) if more else ""
        foot = t("The link only opens a page.") if items and items[0].link else ""
        blocks = [_text(item) for item in items]
        text = "\n\n".join(part for part in (*blocks, rest, "-- \nPushbutton" + (f"\n{foot}" if foot else "")) if part)
        shown = {"subject": subject, "items": items, "rest": rest, "foot": foot, "root": ""}
        html = page("letter.html", t.language, shown)
        return Letter(subject, text + "\n", html, key, thread, bad=any(item.state == "failed" for item in items))


def _text(item: Item) -> str:
    head = f"{item.said}: {item.title}" if item.title else item.said
    lines = [head, *([item.at] if item.at else []), ""]
    lines += [f"{label}: {value}" for label, value in item.facts]
    lines += ["", item.more] if item.more else []
    lines += ["", *(f"  | {line}" for line in item.output)] if item.output else []
    lines += ["", item.link] if item.link else []
    return "\n".join(lines)


def _key(message: Message) -> str:
    """The same for a message that is sent once more."""
    whose = hashlib.sha256(f"{message.channel}\0{message.person}".encode()).hexdigest()[:12]
    return f"pushbutton-{message.event}-{whose}"
