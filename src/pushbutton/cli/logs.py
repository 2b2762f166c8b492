"""The server's own log: to stderr, one line a record, no control character reaches the terminal, and nothing that lets
somebody in (`domain.credentials`).
"""

from __future__ import annotations

import logging
import re

from pushbutton.domain.credentials import concealed

__all__ = ["begin"]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _CONTROL.sub(_escaped, concealed(super().format(record)))


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def begin() -> None:
    """Ours from INFO up, everybody else's from WARNING."""
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("pushbutton").setLevel(logging.INFO)
