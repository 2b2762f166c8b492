"""How a run's end is told: what happened, what it means, what to do. Never in the words of a shell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pushbutton.domain.run import Run, RunState
from pushbutton.web.words.formatting import who
from pushbutton.web.words.i18n import Texts, mark
from pushbutton.web.words.people import UNKNOWN, Names

from .run_story import Story


@dataclass(frozen=True, slots=True)
class Ending:
    headline: str
    happened: str = ""
    means: str = ""
    todo: str = ""


_SIGNALS: Final = {
    9: mark("Something outside of the task ended it without warning; most often the machine had run out of memory."),
    11: mark("The program crashed: it used memory that it may not use."),
    6: mark("The program crashed and ended itself."),
    15: mark("Something outside of Pushbutton asked it to end."),
    2: mark("Something outside of Pushbutton interrupted it."),
}
_CODES: Final = {
    126: mark("The program that it starts is there, but may not be started: its file is not marked as a program."),
    127: mark("A program that it needs was not found on this machine."),
}

_EXCEPTION: Final = re.compile(
    r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Expired|Exit): (?P<text>\S.*)", re.DOTALL
)
"""How Python names an exception. The class is left out: it stands in the output as well."""

_NUMBERED: Final = re.compile(r"\((code|signal) \d+\)")
"""A reason that only repeats the number with which a process ended."""


def ending(
    run: Run, story: Story, t: Texts, names: Names = UNKNOWN, *, on_failure: str = "", wrote: bool = True
) -> Ending:
    """For a run that is over. `on_failure`: what its task's author says of a failure; `wrote`: it has output."""
    match run.state:
        case RunState.CANCELLED:
            return _cancelled(run, story, t, who(run.stop_by, t, names) if run.stop_by else "")
        case RunState.FAILED:
            return _failed(run, story, t, on_failure, wrote=wrote)
        case RunState.LOST:
            return _lost(t)
        case RunState.SKIPPED:
            return _skipped(t)
    return Ending(story.last_word or run.status or t("Done."))


def _failed(run: Run, story: Story, t: Texts, on_failure: str, *, wrote: bool) -> Ending:
    if run.started_at is None:
        return Ending(
            t("It could not be started."),
            happened=t.sentence(reason(run, story)),
            means=t("Nothing was done."),
            todo=t("Once the reason is gone, try again."),
        )
    where = story.failed_step
    headline = (
        t("It failed at step {number}: {name}", number=where[0], name=where[1].name) if where else t("It failed.")
    )
    again = t("Try again once the reason is gone.")
    return Ending(
        headline,
        happened=_whole(_explained(story.complaint, t) or cause(run, story, t)),
        means=_whole(on_failure) or _part_way(story, t),
        todo=f"{t('The last lines of the technical output usually say more.')} {again}" if wrote else again,
    )


def _part_way(story: Story, t: Texts) -> str:
    """How far it came. What became of that is not known: a job may undo its work when it fails."""
    steps = [step for step in story.steps if not step.depth]
    done = sum(step.colour == "succeeded" for step in steps)
    if steps and done == len(steps):
        return t.n("Its one step was done before that.", "All of its {n} steps were done before that.", done)
    if story.planned:
        return t("It stopped part-way: {done} of {all} steps were done.", done=done, all=len(steps))
    if steps:
        return t.n("It stopped part-way: one step was done.", "It stopped part-way: {n} steps were done.", done)
    return t("Part of its work may have been done.")


def _explained(complaint: str, t: Texts) -> str:
    """An exception's own sentence, without its class; one that is no sentence is called what it is."""
    found = _EXCEPTION.fullmatch(complaint)
    if not found:
        return complaint
    text = found["text"]
    return text if " " in text else t("An error that it does not explain: {error}", error=complaint)


def _whole(text: str) -> str:
    """With a full stop, so that the next sentence can follow."""
    return text if not text or text[-1] in ".!?…:" else f"{text}."


def reason(run: Run, story: Story) -> str:
    """As the journal has it, which knows what is said in it and of what: the run's row holds the text alone."""
    return story.reason if story.reason == run.reason else run.reason


def cause(run: Run, story: Story, t: Texts) -> str:
    """Why a run failed, as far as its reason and the end of its process tell."""
    if run.reason and not _NUMBERED.search(run.reason):
        return t.sentence(reason(run, story))
    code = run.exit_code
    if code is not None and code < 0:
        return t(_SIGNALS.get(-code, mark("Something outside of the task ended it before it was done.")))
    return t(_CODES.get(code or 0, mark("The task itself reported that it did not work.")))


def _cancelled(run: Run, story: Story, t: Texts, by: str) -> Ending:
    """`by`: who stopped it, as it is said; "": nobody."""
    if run.started_at is None and run.hold and not by:
        return Ending(_whole(t.sentence(reason(run, story))), means=t("Nothing was done."))
    if run.started_at is None:
        return Ending(
            t("{who} took it back before it started.", who=by) if by else t("It was stopped."),
            means=t("Nothing was done."),
        )
    place = next(
        ((n, step) for n, step in enumerate(story.steps, 1) if step.colour == "skipped" and step.started), None
    )
    if by and place:
        headline = t("{who} stopped it at step {number}: {name}", who=by, number=place[0], name=place[1].name)
    else:
        headline = t("{who} stopped it.", who=by) if by else t("It was stopped.")
    return Ending(headline, means=_part_way(story, t))


def _lost(t: Texts) -> Ending:
    return Ending(
        t("We do not know how it ended."),
        happened=t("Contact with it was lost: it was ended from outside, or the machine was restarted."),
        means=t("It may have been done in full, in part, or not at all. What it had said until then is kept."),
        todo=t("Look at the output, and at the place where it works, before you try again."),
    )


def _skipped(t: Texts) -> Ending:
    return Ending(
        t("Its turn passed."),
        happened=t("The task was still busy with an earlier run, and it lets a turn pass rather than wait."),
        means=t("Nothing was started."),
    )
