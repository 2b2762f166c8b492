"""How often watchers are woken, and how much one of them gets at once."""

from __future__ import annotations

TICK = 0.020  # when busy, wake watchers at most this often
CROWD, CROWDED = 5000, 0.100  # with more watchers than this, so often
CHUNK = 64 << 10  # the most that is sent at once
