"""The models of the API, loaded when the first of them is used: a server that starts does not wait for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import schemas
else:

    class _Later:
        def __getattr__(self, name: str) -> Any:
            from . import schemas  # noqa: PLC0415  takes as long to load as half of a server

            found = getattr(schemas, name)
            setattr(self, name, found)
            return found

    schemas = _Later()

__all__ = ["load", "schemas"]


def load() -> None:
    """Now rather than while somebody waits; from any thread."""
    _ = schemas.RunShape
