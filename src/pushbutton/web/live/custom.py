"""Event streams for pages of your own: your names and texts, with the replay and the shared frames of our streams."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from pushbutton.config import Settings
from pushbutton.domain.event import Event
from pushbutton.errors import BadCursor
from pushbutton.runtime.core import Core
from pushbutton.runtime.ports import EVERYTHING, Topics
from pushbutton.runtime.watch.channel import Encode
from pushbutton.web.http.errors import problem, unacceptable

from .stream import EventStream, acceptable, cursor
from .subscription import TopicEvents

log = logging.getLogger(__name__)

Show = Callable[[Event], tuple[str, str] | None]
"""An event as (name, text) of a frame; None leaves it out."""


async def stream(
    core: Core,
    settings: Settings,
    request: Request,
    show: Show,
    *,
    task: str | None = None,
    first: Sequence[tuple[str, str]] = (),
) -> Response:
    """See `Pushbutton.stream`."""
    if not acceptable(request):
        return unacceptable()
    try:
        since, known = cursor(request)
    except BadCursor as error:
        return problem(400, str(error))  # the application that mounts us has no table for our errors
    head = list(first)
    if not known or (since and not await core.store.forgotten() <= since <= await core.store.last_event()):
        head, since = [("reset", ""), *head], 0
    topics = Topics(tasks=frozenset({task})) if task else EVERYTHING
    subscription = TopicEvents(
        topics, since=since or 0, encode=_encoder(show), first=b"".join(text_frame(name, text) for name, text in head)
    )
    return EventStream(core, subscription, settings)


def text_frame(name: str, text: str, number: int | None = None) -> bytes:
    """A frame whose data is the text itself; a line break in it begins a new data line, which a browser joins again."""
    head = f"id: {number}\n" if number is not None else ""
    lines = "".join(f"data: {line}\n" for line in re.split("\r\n|\r|\n", text))
    return f"{head}event: {' '.join(name.split())}\n{lines}\n".encode(errors="replace")


@lru_cache(maxsize=256)
def _encoder(show: Show) -> Encode:
    """The same for the same function, so that everybody who watches with it shares its frames."""

    def encode(event: Event) -> bytes | None:
        try:
            shown = show(event)
            return None if shown is None else text_frame(*shown, event.id)
        except Exception:
            log.exception("event %d is left out of a stream, because showing it failed", event.id)
            return None

    return encode
