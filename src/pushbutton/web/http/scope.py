"""The names under which layers leave something for each other in the scope of a request."""

from __future__ import annotations

from typing import Final

PEER: Final = "pushbutton.peer"
"""The key in a request's scope under which the proxy's own address stays known: (host, port)."""
CONNECTION: Final = "pushbutton.connection"
"""The `Direct` that the request came by, left by our own server; see `live.writer`."""
MORE: Final = "pushbutton.headers"
"""Headers that a layer leaves, for it has returned when a stream is served; one of ours by the same name gives way."""
HOLDER: Final = "pushbutton.holder"
"""The holder of a hand-over link asks: neither a session nor a token is looked for in the request."""
