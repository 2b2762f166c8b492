"""A named secret, as a Python job finds it."""

from __future__ import annotations

import os

__all__ = ["secret"]


def secret(name: str) -> str:
    """The value of a secret that the task names, `@task(secrets=["DB_PASSWORD"])`, from the variable of its name.

    Raises LookupError when there is none: the task does not name it, or the job runs outside of Pushbutton, where the
    variable can be set by hand.
    """
    try:
        return os.environ[name]
    except KeyError:
        raise LookupError(f"There is no secret “{name}” here: name it in the task’s “secrets”.") from None
