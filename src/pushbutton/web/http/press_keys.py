"""The idempotency keys of forms that were pressed, to tell a double press from another person's."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST: Final = 2000


class PressKeys:
    """The longest unused go first."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def seen(self, key: str) -> bool:
        """Whether this key is on its way or was pressed already; from now on it is."""
        if key in self._keys:
            return True
        self._keys[key] = None
        if len(self._keys) > MOST:
            self._keys.popitem(last=False)
        return False
