"""The wall clock: for what is written down and shown, and for what ends on a day.

No other limit is measured with it.
"""

from __future__ import annotations

import time


def now() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000
