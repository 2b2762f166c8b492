"""One message by Apprise, in a process of its own: what to send on the standard input, why it was not taken on the
standard output ("" where it was), both JSON.

Every connection is looked at when it is made, by the address to which it goes, so what a name stands for at another
moment counts for nothing. Other programs are not started, and sockets of this machine are not opened.
"""

from __future__ import annotations

import json
import logging
import socket
import sys
from collections.abc import Sequence
from typing import Any

from pushbutton.domain.networks import Network, address, networks
from pushbutton.domain.webhook import refusal

_OTHERS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.system", "pty.spawn")


class Forbidden(OSError):
    pass


class _Heard(logging.Handler):
    """Apprise's word on what went wrong, which only its log tells."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split()))


def _guard(allowed: Sequence[Network], refused: list[str]) -> None:
    def look(event: str, given: tuple[Any, ...]) -> None:
        if event in _OTHERS:
            raise Forbidden("no other program is started for a message")
        if event in ("socket.connect", "socket.sendto") and (why := _why(given[0], given[-1], allowed)):
            refused.append(why)
            raise Forbidden(why)

    sys.addaudithook(look)


def _why(sock: Any, there: Any, allowed: Sequence[Network]) -> str:
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(there, tuple):
        return "it is a socket of this machine"
    text = str(there[0]).partition("%")[0]
    one = address(f"[{text}]" if ":" in text else text)
    if sock.type == socket.SOCK_DGRAM and there[1] == 53:
        return ""  # a name is asked for
    return refusal(one, "https", allowed) if one else f"{text} is no address"


def main() -> None:
    asked = json.load(sys.stdin)
    print(json.dumps({"why": _sent(asked)}))  # noqa: T201  its answer


def _sent(asked: dict[str, Any]) -> str:
    try:
        import apprise  # noqa: PLC0415  the extra
    except ImportError:
        return "Apprise is not installed here: install pushbutton[tell]"
    heard, refused = _Heard(), list[str]()
    logging.getLogger("apprise").addHandler(heard)
    kind = apprise.NotifyType.FAILURE if asked["bad"] else apprise.NotifyType.INFO
    target = apprise.Apprise()
    if not target.add(asked["url"]):
        return "Apprise does not know such an address, or something is missing in it"
    _guard(networks(",".join(asked["allowed"]), where="webhook_allow"), refused)
    if target.notify(asked["body"], title=asked["title"], notify_type=kind):
        return ""
    return refused[0] if refused else heard.lines[-1] if heard.lines else "it was not taken"


if __name__ == "__main__":
    main()
