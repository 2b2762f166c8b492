"""With what messages are written and carried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pushbutton.domain.run import Micros

from .ports.messages import Post, Writer


@dataclass(frozen=True, slots=True)
class Letterbox:
    writer: Callable[[], Writer]  # made when it is first used
    mail: Post | None  # None: no mail server is set
    others: Post
    url: Callable[[str], str]  # the whole address of a path; "" where this server does not know its own
    asked: dict[str, Micros] = field(default_factory=dict)  # by person, when they last asked for a letter to themselves
