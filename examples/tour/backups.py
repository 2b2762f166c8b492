"""A button whose choices are looked up whenever somebody opens its form."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Annotated

from pushbutton import Field, progress, step, task


def nights() -> dict[str, str]:
    """The backups of the last five nights. A real one would look into a folder."""
    days = [date.today() - timedelta(days=ago) for ago in range(1, 6)]  # noqa: DTZ011 - the shop's own day
    return {f"{day:%Y-%m-%d}": f"{day:%A, %d %B}" for day in days}


@task(group="Data fixes", button="Put back the backup", reason="required", timeout=5 * 60)
def put_back_a_backup(night: Annotated[str, Field(choices=nights, label="Of which night")]) -> str:
    """Puts the shop’s articles back to how they were. It is a tour: nothing is put back.

    The nights are told by a function of the same file: tomorrow there is another one.
    """
    with step("Read the backup"):
        for part in range(1, 6):
            time.sleep(0.4)
            print(f"articles-{part}.csv: {part * 214} articles")
            progress(part, of=5)
    with step("Compare it with the shop"):
        time.sleep(1)
    return f"The backup of {night} is whole and would be put back"
