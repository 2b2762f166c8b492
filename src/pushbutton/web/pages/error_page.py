"""The page of an error: what it was, whether something was started, where to go on."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.exceptions import HTTPException

from pushbutton import errors
from pushbutton.web.http.viewer import way_back
from pushbutton.web.words.formatting import any_of
from pushbutton.web.words.i18n import Texts

log = logging.getLogger(__name__)

_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that looks like another


@dataclass(frozen=True, slots=True)
class ErrorPage:
    status: int
    title: str
    lines: tuple[str, ...]
    picture: str = "halt"  # an icon
    href: str = "/"
    action: str = ""
    number: str = ""  # finds the line in the server's log


def told(error: Exception, t: Texts, *, method: str, path: str, ask: Sequence[str] = ()) -> ErrorPage:
    """Anything that we did not raise on purpose is ours: it is logged under a number that the page shows. `ask`: who
    may give rights.
    """
    tasks, history = t("Go to the tasks"), t("Go to the history")
    match error:
        case errors.NoSuchRun():
            line = t("It may have been removed after a while, or the link may be cut off.")
            return ErrorPage(404, t("There is no run {number}", number=error.number), (line,), href="/history",
                           action=history)  # fmt: skip
        case errors.NoSuchTask():
            line = t("It may have been removed or renamed. Its runs stay in the history.")
            return ErrorPage(404, t("There is no task “{slug}”", slug=error.slug), (line,), action=tasks)
        case errors.NoSuchSchedule():
            line = t("It may have been removed or renamed where its task is declared.")
            return ErrorPage(404, t("This schedule is not there"), (line,), href="/schedules",
                             action=t("All schedules"))  # fmt: skip
        case errors.StillReading():
            line = (
                t("A folder with tasks does not answer, and it may be there. Nothing was started: try again later.")
                if error.silent
                else t("The tasks are still being read. Nothing was started: try again in a moment.")
            )
            return ErrorPage(
                503, t("The task “{slug}” is not there yet", slug=error.slug), (line,), "clock", action=tasks
            )
        case errors.Refused():
            whom = (t("If you need it, ask {names}.", names=any_of(ask, t)),) if ask else ()
            lines = (t.sentence(str(error)), *whom)
            return ErrorPage(403, t("This is not for you to do"), lines, "lock", action=tasks)
        case errors.BadInput() | errors.Conflict():
            lines = (t.sentence(str(error)), t("Nothing was started."))
            status = 400 if isinstance(error, errors.BadInput) else 409
            return ErrorPage(status, t("That did not work"), lines, "warn", action=tasks)
        case errors.NotFound() | HTTPException():
            return ErrorPage(404, t("There is nothing here"), (t("The link may be cut off or too old."),), action=tasks)
    problem = _ours(error, t, method)
    log.error("problem %s at %s %s", problem.number, method, path, exc_info=error)
    return replace(problem, href=way_back(path) if method == "GET" else "/history")


def _ours(error: Exception, t: Texts, method: str) -> ErrorPage:
    number = "-".join("".join(secrets.choice(_LETTERS) for _ in range(3)) for _ in range(2))
    known = (t.sentence(str(error)),) if isinstance(error, errors.StoreError) else ()
    if method == "GET":
        line, action = t("You were only looking: nothing was started or changed."), t("Try again")
    else:
        line = t("Whether anything was started is not known: look at the history before you press again.")
        action = t("Go to the history")
    return ErrorPage(500, t("Something broke on our side"), (*known, line), "warn", action=action, number=number)
